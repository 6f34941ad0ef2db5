"""
A service of hooks, for 34-extensions.sh: what it answers stands in the label
"hook" of the server that it is asked about. GET /calls tells of every call, a
line each: path, server, operation, whether its signature was right.
"""
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time

KEY = open("/files/key", "rb").read().rstrip(b"\r\n")
calls = []


def signed(headers, body):
    stamp = headers["X-MCP-Operator-Timestamp"]
    mac = hmac.new(KEY, stamp.encode() + b"." + body, hashlib.sha256)
    return abs(time.time() - int(stamp)) < 60 and hmac.compare_digest(
        "sha256=" + mac.hexdigest(), headers["X-MCP-Operator-Signature"])


def answer(path, q):
    want = q["server"]["metadata"].get("labels", {}).get("hook", "")
    name = q["server"]["metadata"]["name"]
    if want == path[1:] + "-slow":
        time.sleep(8)
    if want == path[1:] + "-deny":
        return {"allowed": False, "message": name + " is not wanted here"}
    if want == path[1:] + "-rename":
        return {"allowed": True, "patches": [{
            "kind": "Deployment", "name": name, "patch": [
                {"op": "replace", "path": "/metadata/name",
                 "value": "other"}]}]}
    if path != "/pre":
        return {"allowed": True}
    return {"allowed": True, "patches": [{
        "kind": "Deployment", "name": name, "patch": [
            {"op": "add", "path": "/metadata/annotations/hooked",
             "value": "yes"},
            {"op": "add", "path": "/spec/template/spec/hostname",
             "value": "patched"}]}]}


class Hooks(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.reply("".join(calls).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        q = json.loads(body)
        calls.append("%s %s %s %s\n" % (
            self.path, q["server"]["metadata"]["name"], q["operation"],
            "signed" if signed(self.headers, body) else "FORGED"))
        self.reply(json.dumps(answer(self.path, q)).encode())

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def get_request(self):
        # The handshake is the thread's, not everybody's.
        s, peer = super().get_request()
        return context.wrap_socket(s, server_side=True,
                                   do_handshake_on_connect=False), peer


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/files/tls.crt", "/files/tls.key")
threading.stack_size(256 * 1024)
Server(("", 8443), Hooks).serve_forever()
