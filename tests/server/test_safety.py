"""Who may come in and what leaves: every known hole of this API, tried on ours."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import stat
import sys
from urllib.parse import quote

import pytest
from support.loopback import Refused
from support.models import SPEC
from support.workflows import node, template

from wan_desktop.domain.errors import DiskProblem, HostProblem, WanError
from wan_desktop.domain.job import Stage
from wan_desktop.server import tokens
from wan_desktop.server.api import ApiServer
from wan_desktop.server.guard import Buckets
from wan_desktop.server.replies import safe_sentence
from wan_desktop.server.settings import ApiSettings, Limits

STATE_CHANGING = ["/prompt", "/queue", "/interrupt", "/history", "/upload/image", "/upload/mask", "/free"]
TOKEN = "a long secret"


def picture(kind="PNG", size=(40, 30), color=(10, 200, 30), **more):
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, kind, **more)
    return data.getvalue()


# ---- pages of other sites


@pytest.mark.parametrize("path", STATE_CHANGING)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "https://127.0.0.1.evil.example"},
        {"Origin": "http://[::"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example", "Content-Type": "text/plain"},
    ],
    ids=str,
)
def test_cve_2024_10481_a_foreign_page_changes_nothing(served, path, headers) -> None:
    for where in (path, "/api" + path):
        assert served.client.ask("POST", where, b'{"clear": true}', headers).status == 403


def test_ghsa_5xxr_jvhm_jxmj_cve_2026_56674_a_page_without_origin_is_foreign(served) -> None:
    assert served.client.get("/queue", Origin="null").status == 403
    with pytest.raises(Refused) as refused:
        served.client.socket("x", Origin="null")
    assert refused.value.status == 403


def test_a_foreign_page_opens_no_socket(served) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        with pytest.raises(Refused) as refused:
            served.client.socket("x", **headers)
        assert refused.value.status == 403


def test_a_page_may_link_to_the_front_page_only(served) -> None:
    assert served.client.get("/", Sec_Fetch_Site="cross-site").status == 200
    assert served.client.get("/queue", Sec_Fetch_Site="cross-site").status == 403
    assert served.client.post("/", b"", Sec_Fetch_Site="cross-site").status == 403


@pytest.mark.parametrize(
    "name", ["attacker.example", "127.0.0.1.attacker.example", "localhost.evil", "10.0.0.1", ""]
)
def test_dns_rebinding_reaches_nothing(served, name) -> None:
    host = f"{name}:{served.client.port}"
    assert served.client.get("/queue", Host=host).status == 403
    assert served.client.get("/queue", Host=host, Origin=f"http://{host}").status == 403
    with pytest.raises(Refused):
        served.client.socket("x", Host=host)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_computers_names_are_known(served, name) -> None:
    assert served.client.get("/queue", Host=f"{name}:{served.client.port}").status == 200


def test_added_names_and_origins_are_let_in(start) -> None:
    served = start(names=("studio.local",), origins=("https://example.org",))
    assert served.client.get("/queue", Host="studio.local").status == 200
    reply = served.client.get("/queue", Origin="https://example.org", Sec_Fetch_Site="cross-site")
    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "https://example.org"
    assert reply.headers["Vary"] == "Origin"
    assert served.client.get("/queue", Origin="https://example.com").status == 403


def test_without_a_list_there_is_no_cors(served) -> None:
    own = f"http://127.0.0.1:{served.client.port}"
    for reply in (
        served.client.get("/queue", Origin=own),
        served.client.ask("OPTIONS", "/prompt", headers={"Origin": own}),
        served.client.get("/queue", Origin="http://evil.example"),
    ):
        assert not [name for name in reply.headers if name.startswith("Access-Control")]


# ---- tokens


def test_with_a_token_nothing_is_told_without_it(start) -> None:
    served = start(token=TOKEN)
    assert served.client.get("/queue").status == 200
    right, served.client.token = served.client.token, ""
    paths = [
        "/",
        "/queue",
        "/history",
        "/view?filename=x",
        "/api/jobs",
        "/object_info",
        "/ws",
        f"/queue?token={quote(TOKEN)}",
    ]
    for path in paths:
        reply = served.client.get(path)
        assert reply.status == 401
        assert reply.headers["Www-Authenticate"].startswith("Bearer")
        assert TOKEN not in reply.body.decode()
    for wrong in ("Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"bearer {TOKEN[:-1]}"):
        assert served.client.get("/queue", Authorization=wrong).status == 401
    assert served.client.get("/queue", Authorization=f"bearer {right}").status == 200


def test_a_socket_takes_the_token_from_the_query_or_the_header(start) -> None:
    served = start(token=TOKEN)
    with served.client.socket("me") as ws:
        assert ws.receive()["type"] == "status"
    served.client.token = ""
    with served.client.socket("me", f"&token={quote(TOKEN)}") as ws:
        assert ws.receive()["type"] == "status"
    with pytest.raises(Refused) as refused:
        served.client.socket("me", "&token=wrong")
    assert refused.value.status == 401


def test_guessing_tokens_is_stopped(start) -> None:
    served = start(token=TOKEN, limits=Limits(wrong_tokens_per_minute=3))
    statuses = [served.client.get("/queue", Authorization=f"Bearer {n}").status for n in range(6)]
    assert statuses == [401, 401, 401, 429, 429, 429]
    assert served.client.get("/queue").status == 429


def test_on_other_addresses_a_token_is_made_and_kept(start, tmp_path) -> None:
    served = start(host="0.0.0.0")
    served.client.host = "127.0.0.1"
    assert len(served.api.token) >= 32
    assert served.api.token_kept == "file"
    assert served.client.get("/queue", Authorization="").status == 401
    assert served.client.get("/queue").status == 200
    assert tokens.stored_token(tmp_path) == (served.api.token, "file")
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / tokens.FILE).stat().st_mode) == 0o600
    fresh, _ = tokens.new_token(tmp_path)
    assert fresh != served.api.token


def test_a_token_file_that_cannot_be_read_is_told(tmp_path) -> None:
    (tmp_path / tokens.FILE).mkdir()
    with pytest.raises(DiskProblem, match=tokens.FILE):
        tokens.stored_token(tmp_path)


def test_on_other_addresses_only_addresses_are_names(start) -> None:
    served = start(host="0.0.0.0", token=TOKEN)
    served.client.host = "127.0.0.1"
    assert served.client.get("/queue", Host="192.168.1.20:8188").status == 200
    assert served.client.get("/queue", Host="attacker.example:8188").status == 403


@pytest.mark.usefixtures("safe_keyring")
def test_the_token_goes_into_a_keyring_where_there_is_one(tmp_path) -> None:
    token, where = tokens.stored_token(tmp_path)
    assert where == "keyring"
    assert tokens.stored_token(tmp_path) == (token, "keyring")
    assert list(tmp_path.iterdir()) == []


def test_the_default_is_this_computer_alone() -> None:
    assert ApiSettings().host == "127.0.0.1"
    assert ApiSettings().loopback
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org", "127.0.0.1.example.org"):
        assert not ApiSettings(host=host).loopback


def test_an_address_in_use_is_told(served, tmp_path) -> None:
    other = ApiServer(served.host, ApiSettings(port=served.client.port), data=tmp_path, config=tmp_path)
    with pytest.raises(HostProblem, match="another port"):
        other.start()
    other.stop()


# ---- paths


ESCAPES = [
    "../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\x",
    "C:\\x",
    "a/../../x",
    "....//x",
    "\x00",
    "~/x",
    "..",
    ".",
]


@pytest.mark.parametrize("name", ESCAPES)
def test_ghsa_779p_m5rp_r4h4_cve_2026_56673_loadimage_tells_nothing_about_other_files(served, name) -> None:
    graph = template(n55={"start_image": ["80", 0]}) | {"80": node("LoadImage", image=name)}
    reply = served.client.post("/prompt", {"prompt": graph})
    there = served.client.post(
        "/prompt", {"prompt": json.loads(json.dumps(graph).replace("passwd", "no-such"))}
    )
    assert (reply.status, there.status) == (400, 400)
    assert reply.json()["node_errors"]["80"]["errors"][0]["type"] == "custom_validation_failed"


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("kind", ["input", "output", "temp"])
def test_ghsa_779p_m5rp_r4h4_cve_2026_56671_view_leaves_its_folders_never(served, name, kind) -> None:
    (served.folder / "api" / "x.png").write_bytes(picture())
    for query in (
        f"filename={quote(name)}&type={kind}",
        f"filename=x.png&type={kind}&subfolder={quote(name)}",
        f"filename={quote(name + ' [' + kind + ']')}",
        f"filename=wan-desktop.sqlite&subfolder={quote('../' * 3 + name)}",
        f"filename=wan-desktop.sqlite&type={kind}&subfolder=..",
    ):
        reply = served.client.get(f"/view?{query}")
        assert reply.status in (400, 403, 404), (query, reply.status)
        assert reply.body == b"" or reply.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.skipif(not hasattr(os, "symlink") or sys.platform == "win32", reason="needs symbolic links")
def test_a_link_in_a_folder_leads_nowhere(served) -> None:
    secret = served.folder / "secret.png"
    secret.write_bytes(picture())
    (served.folder / "api" / "input" / "link.png").symlink_to(secret)
    (served.folder / "api" / "input" / "out").symlink_to(served.folder)
    assert served.client.get("/view?filename=link.png&type=input").status == 404
    assert served.client.get("/view?filename=secret.png&type=input&subfolder=out").status == 404
    for subfolder in ("out", "out/new"):
        assert served.client.upload(picture(), "b.png", subfolder=subfolder).status == 400
    assert not (served.folder / "b.png").exists()
    assert not (served.folder / "new").exists()


@pytest.mark.parametrize("prefix", ["../../x", "/x", "a/../../x", "C:\\x", "\\\\server\\x", "~/x", "x\ny"])
def test_a_filename_prefix_leads_nowhere_and_tells_no_path(served, prefix) -> None:
    reply = served.client.post("/prompt", {"prompt": template(n58={"filename_prefix": prefix})})
    assert reply.status == 400
    assert str(served.folder) not in reply.body.decode()


@pytest.mark.parametrize("name", ["../evil.png", "a/b.png", "a\\\\b.png", "..", "x\x00.png"])
def test_upload_names_lead_nowhere(served, name) -> None:
    before = {path for path in served.folder.rglob("*") if path.is_file()}
    assert served.client.upload(picture(), name.replace("\x00", "%00/..")).status == 400
    assert {path for path in served.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cat.png", "cat.png"),
        ("a:b*?.png", "a_b__.png"),
        ("CON.png", "_CON.png"),
        (".hidden.png", "hidden.png"),
        ("x.php", "x.php.png"),
        ("x.svg", "x.svg.png"),
        ("x" * 300 + ".png", "x" * 117 + ".png"),
        ("photo.JPG", "photo.jpg"),
        ("猫" * 200 + ".png", "猫" * 53 + ".png"),
    ],
)
def test_upload_names_are_cleaned(served, name, given) -> None:
    assert served.client.upload(picture(), name).json()["name"] == given


LONG = "a" * 300 + ".png"


@pytest.mark.parametrize("kind", ["input", "output", "temp"])
def test_names_longer_than_any_disk_has_are_of_no_file(served, kind) -> None:
    for query in (f"filename={LONG}", f"filename=a.png&subfolder={LONG}", f"filename={'b/' * 7}{LONG}"):
        reply = served.client.get(f"/view?type={kind}&{query}")
        assert (reply.status, reply.body) == (404, b""), query
    reference = json.dumps({"filename": LONG, "type": kind})
    assert served.client.upload(picture(), "m.png", "/upload/mask", original_ref=reference).status == 400
    assert served.client.upload(picture(), "a.png", subfolder="猫" * 100, type=kind).status == 400


def test_a_picture_is_no_folder_and_a_folder_no_picture(served) -> None:
    for name, subfolder in (("a.png", ""), ("b.png", "folder.png")):
        assert served.client.upload(picture(), name, subfolder=subfolder).status == 200
    for subfolder in ("a.png", "a.png/x"):
        assert served.client.upload(picture(), "c.png", subfolder=subfolder).status == 400
    for overwrite in ("", "true"):
        beside = served.client.upload(picture(), "folder.png", overwrite=overwrite)
        assert beside.json()["name"] == "folder (1).png"
    assert served.client.get("/view?filename=b.png&type=input&subfolder=folder.png").status == 200


# ---- what is served


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("x.html", b"<script>1</script>"),
        ("x.png", b"<html><script>1</script></html>"),
        ("x.jpg", b"GIF89a<script>"),
        ("x.webp", b"%PDF-1.4"),
    ],
)
def test_ghsa_779p_m5rp_r4h4_cve_2026_56670_cve_2024_10099_pages_are_neither_taken_nor_served(
    served, name, content
) -> None:
    assert served.client.upload(content, name).status == 400
    (served.folder / "api" / "input" / name).write_bytes(content)
    reply = served.client.get(f"/view?filename={name}&type=input")
    assert reply.status == 404 or reply.headers["Content-Type"].startswith("image/")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/queue", "/view?filename=x", "/nosuch", "/prompt", "/object_info"])
def test_ghsa_779p_m5rp_r4h4_cve_2026_56672_nothing_is_sniffed(served, path) -> None:
    headers = served.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_what_hides_in_a_picture_is_gone_after_the_upload(served) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    hidden = PngInfo()
    hidden.add_text("note", "<script>hidden</script>")
    data = picture("PNG", pnginfo=hidden) + b"<script>trailing</script>"
    name = served.client.upload(data, "a.png").json()["name"]
    served_back = served.client.get(f"/view?filename={name}&type=input").body
    assert b"script" not in served_back
    assert Image.open(io.BytesIO(served_back)).getpixel((5, 5)) == (10, 200, 30)


def test_cve_2025_67303_cve_2026_22777_other_peoples_manager_is_not_here(served) -> None:
    """They are in installers; no route installs, configures or runs anything here, or serves files besides /view."""
    for path in (
        "/manager/queue/install",
        "/customnode/install",
        "/userdata/x",
        "/userdata/..%2f..%2fx.html",
        "/experiment/models/preview/checkpoints/0/..%2f..%2fx.png",
        "/viewvideo?filename=x",
        "/settings",
        "/internal/logs",
    ):
        for where in (path, "/api" + path):
            assert served.client.get(where).status == 404
            assert served.client.post(where, {}).status == 404
    graph = {"1": node("ExecutePython", code="1"), "2": node("SaveVideo")}
    assert served.client.post("/prompt", {"prompt": graph}).json()["error"]["type"] == "invalid_prompt"


# ---- how much


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_is_no_number_never_comes_back_in_a_reply(served, number) -> None:
    body = json.dumps({"prompt": template(), "extra_data": {"x": "?"}}).replace('"?"', number)
    reply = served.client.post("/prompt", body.encode())
    assert (reply.status, reply.json()["error"]["type"]) == (400, "invalid_json")


def test_bodies_have_a_limit(start) -> None:
    served = start(limits=Limits(prompt_bytes=2000, upload_bytes=3000))
    assert served.client.post("/prompt", b"x" * 2001).status == 413
    assert served.client.post("/queue", b'{"delete": [' + b" " * 2000 + b"]}").status == 413
    reply = served.client.upload(os.urandom(4000))
    assert (reply.status, reply.body) == (413, b"Maximum request body size 3000 exceeded.")


@pytest.mark.parametrize("path", STATE_CHANGING)
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "odd"])
def test_bodies_that_are_not_encoded_as_they_say_are_told(served, path, encoding) -> None:
    kind = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
    for data in (b"no such thing", b"\x1f\x8b\x08", b'{"prompt": {}}'):
        reply = served.client.post(path, data, Content_Encoding=encoding, Content_Type=kind)
        assert reply.status in (400, 200), reply.body


def test_a_body_that_unpacks_to_more_has_the_same_limit(start) -> None:
    packed = gzip.compress(b" " * 3000)
    served = start(limits=Limits(prompt_bytes=2000, upload_bytes=2000))
    assert served.client.post("/prompt", packed, Content_Encoding="gzip").status == 413
    field = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    packed = gzip.compress(field + b" " * 3000 + b"\r\n--x--\r\n")
    sent = {"Content_Encoding": "gzip", "Content_Type": "multipart/form-data; boundary=x"}
    assert served.client.post("/upload/image", packed, **sent).status == 413


@pytest.mark.parametrize("path", STATE_CHANGING)
@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"-1\r\n"])
def test_pieces_that_are_none_are_told(served, path, body) -> None:
    kind = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.client.port), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(100).split()[1] == b"400"


def test_bodies_sent_in_pieces_have_the_same_limit(start) -> None:
    import http.client

    served = start(limits=Limits(prompt_bytes=2000))
    connection = http.client.HTTPConnection("127.0.0.1", served.client.port, timeout=10)
    connection.request("POST", "/prompt", iter([b"x" * 1000] * 3), encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_pictures_have_a_limit_before_they_are_decoded(start) -> None:
    served = start(limits=Limits(upload_pixels=1000))
    reply = served.client.upload(picture(size=(40, 30)))
    assert (reply.status, reply.json()["error"]["type"]) == (400, "bad_image")
    assert served.client.upload(picture(size=(30, 30))).status == 200


def test_a_picture_too_long_for_a_format_is_told(served) -> None:
    assert served.client.upload(picture(size=(20_000, 2)), "long.png").status == 200
    path = "/view?filename=long.png&type=input&preview="
    assert served.client.get(path + "webp;90").status == 400
    assert served.client.get(path + "jpeg;90").status == 200
    for name in ("long.jpg", "long.webp"):
        assert served.client.upload(picture(size=(70_000, 2)), name).status == 400


def test_uploads_have_a_limit_together(start) -> None:
    served = start(limits=Limits(uploads_bytes=1000))
    assert served.client.upload(picture()).status == 200
    noise = os.urandom(3 * 64 * 64)
    from PIL import Image

    data = io.BytesIO()
    Image.frombytes("RGB", (64, 64), noise).save(data, "PNG")
    reply = served.client.upload(data.getvalue(), "b.png")
    assert reply.status == 507
    assert str(served.folder) not in reply.body.decode()


def test_the_queue_has_a_limit(start) -> None:
    served = start(limits=Limits(waiting_jobs=2))
    served.backend.script("slow", hold=Stage.DENOISING)
    with served.client.socket("me") as ws:
        served.client.prompt(template("slow"), client_id="me")
        ws.until("executing", node="3")
    replies = [served.client.post("/prompt", {"prompt": template("slow")}) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert replies[2].json()["error"]["type"] == "queue_full"


def test_requests_have_a_limit(start) -> None:
    served = start(limits=Limits(requests_per_second=0.001, burst=5))
    statuses = [served.client.get("/queue").status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2


def test_sockets_have_a_limit(start) -> None:
    served = start(limits=Limits(sockets=2))
    with served.client.socket("a"), served.client.socket("b"):
        with pytest.raises(Refused) as refused:
            served.client.socket("c")
        assert refused.value.status == 429
        with served.client.socket("a") as again:
            assert again.receive()["type"] == "status"


def test_a_bucket_fills_again() -> None:
    bucket = Buckets(1e9, 2)
    assert [bucket.take("a") for _ in range(4)] == [True] * 4
    never = Buckets(0.0, 1)
    assert [never.take("a"), never.take("a"), never.take("b")] == [True, False, True]


def test_a_large_message_closes_its_socket_alone(served) -> None:
    with served.client.socket("big") as big, served.client.socket("small") as small:
        big.receive()
        small.receive()
        big.send(b"{" * 60_000)  # no JSON, but not too much
        big.send(b"{" * 70_000)
        assert big.receive() is None
        served.client.history(served.client.prompt(template()))
        assert small.receive()["type"] == "status"


# ---- what is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{why}", "…"),
        ("No room in {folder}: free some.", "No room in Wan Desktop: free some."),
        ("at {why}, again", "at …, again"),
        ("1/2 of https://example.org/x", "1/2 of https://example.org/x"),
    ],
)
def test_sentences_lose_their_paths(text, told) -> None:
    error = WanError(text, why="x: /home/someone/secret.mp4", folder="/home/some one/Videos/Wan Desktop")
    told = told.replace("…", "x: …") if "why" in text else told
    assert safe_sentence(error) == told


def test_models_are_told_by_name_alone(served) -> None:
    for path in ("/object_info", "/models/diffusion_models", "/system_stats", "/features", "/"):
        body = served.client.get(path).body.decode()
        assert str(served.folder) not in body
        assert os.path.expanduser("~") not in body.replace("\\\\", "\\") or os.path.expanduser("~") == "/"
    assert SPEC.id in served.client.get("/models/diffusion_models").json()


def test_a_fault_of_our_own_tells_nothing(served, monkeypatch, caplog) -> None:
    monkeypatch.setattr("wan_desktop.server.ledger.Ledger.queue", lambda self: 1 / 0)
    reply = served.client.get("/queue")
    assert (reply.status, reply.body) == (500, b"500 Internal Server Error")
    assert "ZeroDivisionError" in caplog.text
