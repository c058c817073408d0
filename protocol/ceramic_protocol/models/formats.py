"""What `format` means in a model's schema: the definitions of ajv-formats 2.1.1, as regular expressions.

They are put together here from the grammars that they follow, and compared with that library's answers in
the tests. What sets them apart from the RFCs is that library's way: a time needs no zone, a date may be
followed by a space, a number of IPv4 may begin with a zero, and so on.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ceramic_protocol.models.patterns import Pattern, translate

HINTS: Final = frozenset({"password", "binary"})
"""Formats that are no more than a hint to readers."""

UNCHECKED: Final = HINTS | {"float", "double"}
"""Formats that say nothing."""

INTEGERS: Final = {"int32": (-(1 << 31), (1 << 31) - 1), "int64": None}
"""Formats of numbers, and the range that they allow, if any."""

COMPARABLE: Final = frozenset({"date", "time", "date-time"})
"""Formats that know an order, which `formatMinimum` and its like ask for."""

_HEX = "[0-9A-Fa-f]"
_PERCENT = f"%{_HEX}{{2}}"


def _either(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


def _uri(quote: str, *, needs_scheme: bool) -> str:
    unreserved, delimiters = r"A-Za-z0-9\-._~", r"!$&'()*+,;="
    char = _either(f"[{unreserved}{delimiters}{quote}:@]", _PERCENT)
    name = _either(f"[{unreserved}{delimiters}{quote}]", _PERCENT)
    user = _either(f"[{unreserved}{delimiters}:]", _PERCENT)
    future = f"[Vv]{_HEX}+\\.[{unreserved}{delimiters}:]+"
    host = _either(f"\\[{_either(_uri_ipv6(), future)}\\]", _IPV4, f"{name}*")
    rest = f"(?:\\/{char}*)*"
    authority = f"\\/?\\/(?:{user}*@)?{host}(?::[0-9]*)?{rest}"
    hierarchy = _either(authority, f"\\/(?:{char}+{rest})?", f"{char}+{rest}")
    tail = _either(f"[{unreserved}{delimiters}{quote}:@/?]", _PERCENT)
    scheme = r"(?:[A-Za-z][A-Za-z0-9+\-.]*:)"
    optional = "" if needs_scheme else "?"
    return f"^{scheme}{optional}{hierarchy}{optional}(?:\\?{tail}*)?(?:#{tail}*)?$"


_BYTE_OF_IPV4 = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_IPV4 = f"(?:{_BYTE_OF_IPV4}\\.){{3}}{_BYTE_OF_IPV4}"
_H16 = f"{_HEX}{{1,4}}"


def _uri_ipv6() -> str:
    """IPv6 within a URI: RFC 3986, appendix A."""
    heads = [f"(?:{_H16}:){{6}}", f"::(?:{_H16}:){{5}}", f"(?:{_H16})?::(?:{_H16}:){{4}}"]
    for before, behind in ((1, 3), (2, 2), (3, 1)):
        heads.append(f"(?:(?:{_H16}:){{0,{before}}}{_H16})?::(?:{_H16}:){{{behind}}}")
    heads.append(f"(?:(?:{_H16}:){{0,4}}{_H16})?::")
    last = _either(f"{_H16}:{_H16}", _IPV4)
    short = [f"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}", f"(?:(?:{_H16}:){{0,6}}{_H16})?::"]
    return _either(f"{_either(*heads)}{last}", *short)


def _ipv6() -> str:
    """IPv6 by itself: so many groups before the gap, and the rest behind it."""
    byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    ipv4 = f"{byte}(?:\\.{byte}){{3}}"
    forms = [f"(?:{_H16}:){{7}}(?:{_H16}|:)", f"(?:{_H16}:){{6}}(?::{_H16}|{ipv4}|:)"]
    for before in range(5, -1, -1):
        head = f"(?:{_H16}:){{{before}}}" if before else ":"
        most = 7 - before
        forms.append(f"{head}(?:(?::{_H16}){{1,{most}}}|(?::{_H16}){{0,{most - 2}}}:{ipv4}|:)")
    return f"^{_either(*forms)}$"


def _url() -> str:
    """A web address whose host is a name with a top level, or an IPv4 number that isn't private."""
    tail = "(?:1?[0-9]{1,2}|2[0-4][0-9]|25[0-5])"
    last = "(?:[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-4])"
    first = _either(
        "[2-9]", "1", "1[1-9]", "[2-9][0-9]", "1(?:[013-58][0-9]|2[0-689]|6[0-8]|7[013-9]|9[013-9])",
        "2[01][0-9]", "22[0-3]",
    )  # fmt: skip
    link_local = "169\\.(?:1?[0-9]{1,2}|2[0-4][0-9]|25[0-35])"
    home = "192\\.(?:[0-9]{1,2}|1[0-57-9][0-9]|16[0-79]|2[0-4][0-9]|25[0-5])"
    office = "172\\.(?:[0-9]|0[0-9]|1[0-5]|3[2-9]|[4-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
    number = _either(first + "\\." + tail, link_local, home, office) + f"\\.{tail}\\.{last}"
    sign = "A-Za-z0-9\\u{a1}-\\u{ffff}"
    label = f"(?:[{sign}]+-)*[{sign}]+"
    host = f"{label}(?:\\.{label})*\\.[A-Za-z\\u{{a1}}-\\u{{ffff}}]{{2,}}"
    scheme = "(?:[hH][tT][tT][pP][sS\\u{17f}]?|[fF][tT][pP])"
    return f"^{scheme}:\\/\\/(?:\\S+(?::\\S*)?@)?{_either(number, host)}(?::[0-9]{{2,5}})?(?:\\/\\S*)?$"


def _date() -> str:
    month = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    leap = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
    return f"(?:[0-9]{{4}}-(?:{month}|02-(?:0[1-9]|1[0-9]|2[0-8]))|{leap}-02-29)"


def _time() -> str:
    clock = "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|23:59:60)"
    return f"{clock}(?:\\.[0-9]+)?(?:[zZ]|[+\\-][0-9]{{2}}(?::?[0-9]{{2}})?)?"


def _email() -> str:
    atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-]+"
    label = "[A-Za-z0-9](?:[A-Za-z0-9\\-]*[A-Za-z0-9])?"
    return f"^{atom}(?:\\.{atom})*@(?:{label}\\.)+{label}$"


def _template() -> str:
    """A URI template: RFC 6570."""
    name = f"(?:[A-Za-z0-9_]|{_PERCENT})+(?::[1-9][0-9]{{0,3}}|\\*)?"
    expression = f"\\{{[+#./;?&=,!@|]?{name}(?:,{name})*\\}}"
    other = "[^\\u{0}-\\u{20}\"'<>%\\\\^`\\{|\\}]"
    return f"^(?:{other}|{_PERCENT}|{expression})*$"


def _duration() -> str:
    time = "T(?:[0-9]+H(?:[0-9]+M)?(?:[0-9]+S)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
    return f"^P(?:(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:{time})?|[0-9]+W)$"


def _base64() -> str:
    """Base64 in at least one of the lines."""
    block, end = "[A-Za-z0-9+/]", "[\\n\\r\\u{2028}\\u{2029}]"
    return f"(?:^|{end})(?:{block}{{4}})*(?:{block}{{2}}==|{block}{{3}}=)?(?:$|{end})"


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?"
_POINTER = "(?:\\/(?:[^~/]|~0|~1)*)*"
_FRAGMENT_SIGN = f"(?:[A-Za-z0-9_\\-.!$&'()*+,;:=@]|{_PERCENT}|~0|~1)"

_SOURCES: Final[dict[str, tuple[str, ...]]] = {
    "date": (f"^{_date()}$",),
    "time": (f"^{_time()}$",),
    "date-time": (f"^{_date()}[tT\\s]{_time()}$",),
    "duration": (_duration(), "^P."),
    "uri": (_uri("", needs_scheme=True),),
    "uri-reference": (_uri('"', needs_scheme=False),),
    "uri-template": (_template(),),
    "url": (_url(),),
    "email": (_email(),),
    "hostname": (f"^{_LABEL}(?:\\.{_LABEL})*\\.?$", "^.{1,253}\\.?$"),
    "ipv4": (f"^{_IPV4}$",),
    "ipv6": (_ipv6(),),
    "uuid": (f"^(?:[uU][rR][nN]:[uU][uU][iI][dD]:)?{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}$",),
    "json-pointer": (f"^{_POINTER}$",),
    "json-pointer-uri-fragment": (f"^#(?:\\/{_FRAGMENT_SIGN}*)*$",),
    "relative-json-pointer": (f"^(?:0|[1-9][0-9]*)(?:#|{_POINTER})$",),
    "byte": (_base64(),),
}

TEXTS: Final = frozenset(_SOURCES)
"""Formats of text."""


@cache
def text_format(name: str) -> Pattern:
    """What a text of a format in `TEXTS` has to match."""
    parts = [translate(source) for source in _SOURCES[name]]
    found = tuple(text for part in parts for text in part.found)
    return Pattern(found, (), sum(part.places for part in parts), sum(part.size for part in parts))
