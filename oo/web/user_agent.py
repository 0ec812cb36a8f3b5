"""Names for browsers, so that a person recognises their own sessions."""

from functools import lru_cache

from ua_parser import parse

# what ua-parser calls by a name that people do not use, or that says less than the device
_BROWSERS = {"Mobile Safari": "Safari", "Chrome Mobile": "Chrome", "Chrome Mobile iOS": "Chrome"}
_BROWSERS |= {"Firefox Mobile": "Firefox", "Firefox iOS": "Firefox", "Edge Mobile": "Edge"}
_SYSTEMS = {"Mac OS X": "Mac", "Chrome OS": "ChromeOS", "Ubuntu": "Linux", "Fedora": "Linux"}
_SCRIPTS = ("python", "httpx", "aiohttp", "node", "Go-http-client")


@lru_cache(maxsize=1024)
def describe_agent(user_agent: str) -> str:
    """A few words for a `User-Agent` header."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    browser = _BROWSERS.get(browser, browser)
    if not browser or browser.startswith("Python"):
        browser = "A script" if user_agent.startswith(_SCRIPTS) else ""
    system = found.os.family if found.os else ""
    if found.device and found.device.family in ("iPhone", "iPad"):
        system = found.device.family
    system = _SYSTEMS.get(system, system)
    return " on ".join(part for part in (browser, system) if part) or "Unknown browser"
