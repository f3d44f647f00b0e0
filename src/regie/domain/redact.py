"""Nothing secret in logs, events, URLs or process lists."""

import re

MASK = "•••"

# Up to the last @ of the word: passwords hold any character, and hiding too much does no harm.
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s/?#:]*):(?P<secret>\S*)@")
_QUERY_SECRET = re.compile(
    r"(?P<name>[?&;](?:pass(?:word|phrase|wd)?|token|key|secret|auth|sig|signature|streamid)=)[^&;#\s\"']+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Mask the password of every URL in a text, and secrets in query strings; the rest stays readable."""
    text = _USERINFO.sub(lambda m: f"{m['scheme']}{m['user']}:{MASK}@", text)
    return _QUERY_SECRET.sub(lambda m: f"{m['name']}{MASK}", text)
