#!/bin/sh
# Makes the certificates that tests serve with, into the folder of this script. They are checked in, so that tests
# need no openssl; run this only to make them anew. Validity dates are fixed or a century away: nothing runs out.
set -eu
cd "$(dirname "$0")"

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key.pem" 2>/dev/null; }

# authority <name> <common name>: a certificate authority
authority() {
  key "$1"
  openssl req -x509 -new -key "$1.key.pem" -sha256 -days 36500 -subj "/O=$2/CN=$2" -out "$1.pem" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# leaf <name> <authority> <alternative names> <not before> <not after>
leaf() {
  key "$1"
  openssl req -new -key "$1.key.pem" -subj '/CN=parallax test server' -out "$1.csr"
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$3" > "$1.ext"
  rm -rf ca && mkdir ca && : > ca/index.txt && echo 01 > ca/serial
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=ca/index.txt\nserial=ca/serial\nnew_certs_dir=ca\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > ca/conf
  openssl ca -batch -notext -config ca/conf -cert "$2.pem" -keyfile "$2.key.pem" -in "$1.csr" -extfile "$1.ext" \
    -startdate "$4" -enddate "$5" -out "$1.pem" 2>/dev/null
  rm -rf ca "$1.csr" "$1.ext"
}

LOCAL='DNS:localhost,DNS:good.test,IP:127.0.0.1'
authority authority 'Parallax Test Authority'
authority stranger 'Stranger Authority'
leaf good authority "$LOCAL" 20260101000000Z 21260101000000Z
leaf expired authority "$LOCAL" 20200101000000Z 20210101000000Z
leaf not-yet-valid authority "$LOCAL" 21200101000000Z 21260101000000Z
leaf wrong-host authority 'DNS:elsewhere.test' 20260101000000Z 21260101000000Z
leaf unknown-authority stranger "$LOCAL" 20260101000000Z 21260101000000Z
key self-signed
openssl req -x509 -new -key self-signed.key.pem -sha256 -days 36500 -subj '/CN=parallax test server' \
  -addext "subjectAltName=$LOCAL" -out self-signed.pem

# Nobody signs with these again: what is checked in can serve, and no more.
rm -f authority.key.pem stranger.key.pem stranger.pem
