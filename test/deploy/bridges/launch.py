"""Starts MiniStack, with the bridges that `gaps.ts` lists or, to see whether they are still needed, without.

Takes one argument, JSON: {"bridged": true, "anchorEpochMs": …, "speed": …, "controlPort": …}. Stops, with all that it
started, as soon as its standard input ends: whoever started it is gone then, however that came about.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main():
    settings = json.loads(sys.argv.pop(1))
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    if settings["bridged"]:
        import clock
        import deliveries
        import global_table
        import schedules

        clock.start(settings["anchorEpochMs"], settings["speed"])
        for bridge in (schedules, global_table, deliveries):
            bridge.install()
        _serve_controls(settings["controlPort"], deliveries, global_table)

    from ministack.app import main as ministack

    ministack()


def _stop_with_parent():
    sys.stdin.buffer.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _serve_controls(port, deliveries, global_table):
    class Controls(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(deliveries.all_sent())

        def do_PUT(self):
            global_table.configure(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self._answer({})

        def _answer(self, content):
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Controls)
    threading.Thread(target=server.serve_forever, daemon=True, name="controls").start()


if __name__ == "__main__":
    main()
