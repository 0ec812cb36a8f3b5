"""What makes pages an app: the manifest, the service worker, and the shell without a network."""

import hashlib
import json
from functools import cache
from pathlib import Path

from fastapi import Request
from starlette.responses import JSONResponse, Response

from oo.web.page import Page, page_routes
from oo.web.rendering import page

router = page_routes()

STATIC = Path(__file__).parents[1] / "static"
# what the shell shows without a network; nothing of a person is in any of it
SHELL = (
    "base.css",
    "tip.css",
    "gestures.css",
    "offline.js",
    "outbox.js",
    "api.js",
    "dwell.js",
    "gestures.js",
    "pwa.js",
    "push.js",
    "icon.svg",
    "icons/any-192.png",
    "icons/monochrome-96.png",
)
OFFLINE = "/offline"
ICONS = (
    ("any", 192),
    ("any", 512),
    ("maskable", 192),
    ("maskable", 512),
    ("monochrome", 96),
    ("monochrome", 512),
)
SCREENSHOTS = (("tip-phone", "780x1688", "narrow"), ("tip-desktop", "1280x800", "wide"))


@router.get("/manifest.webmanifest")
async def manifest(request: Request) -> Response:
    """The web app manifest."""
    icon = {"src": "/static/icons/any-192.png", "sizes": "192x192", "type": "image/png"}
    content = {
        "id": "/",
        "name": "oO",
        "short_name": "oO",
        "description": "One tip. Right now.",
        "lang": "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "orientation": "any",
        "background_color": "#000000",
        "theme_color": "#000000",
        "categories": ["productivity", "lifestyle"],
        "icons": [
            {"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *(
                {
                    "src": f"/static/icons/{purpose}-{size}.png",
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for purpose, size in ICONS
            ),
        ],
        "shortcuts": [
            {"name": "Tip", "url": "/", "icons": [icon]},
            {"name": "Connect", "url": "/connect", "icons": [icon]},
        ],
        "screenshots": [
            {
                "src": f"/static/icons/{name}.png",
                "sizes": sizes,
                "type": "image/png",
                "form_factor": form,
                "label": "One tip on a black page",
            }
            for name, sizes, form in SCREENSHOTS
        ],
    }
    headers = {"cache-control": "no-cache"}
    return JSONResponse(content, headers=headers, media_type="application/manifest+json")


@router.get("/sw.js")
async def worker(request: Request) -> Response:
    """The service worker: its text changes with anything of the shell, so browsers renew it."""
    headers = {"cache-control": "no-cache"}
    return Response(_worker(), headers=headers, media_type="text/javascript")


@router.get(OFFLINE)
async def offline(request: Request) -> Response:
    """The tip page without a person and without a tip, for the worker to keep."""
    return page("offline.html")


@cache
def _worker() -> str:
    digest = hashlib.sha256(page("offline.html").body)
    for name in (*SHELL, "worker.js"):
        digest.update((STATIC / name).read_bytes())
    shell = json.dumps([OFFLINE, "/manifest.webmanifest", *(f"/static/{name}" for name in SHELL)])
    head = f'const VERSION = "{digest.hexdigest()[:16]}";\nconst SHELL = {shell};\n'
    return head + (STATIC / "worker.js").read_text()


PAGE = Page("pwa", router)
