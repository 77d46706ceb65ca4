export * from '../shared/resource-names.ts';
