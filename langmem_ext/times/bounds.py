"""Bounds on time that a caller passes: ISO 8601 text, `datetime` or `date`, turned into half-open aware datetimes.

Every bound here is half open: a lower bound is the first moment that is included, an upper bound the first that is
not. So ``after="2025-09-30"`` begins with the 30th and ``before="2025-09-30"`` ends where 1 October begins, whatever
the clocks do in between.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from langmem_ext.errors import InvalidInputError

Edge: TypeAlias = Literal["start", "end"]

_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?")
_WEEK = re.compile(r"\d{4}-?W\d{2}")
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3]):?([0-5]\d)")
_INSTANT = timedelta(microseconds=1)
_SHOWN = 40
_DECEMBER = 12
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def resolve_zone(zone: str | tzinfo) -> tzinfo:
    """Return the time zone of that name.

    Args:
        zone: An IANA name ("Asia/Shanghai"), "UTC", an offset ("+08:00"), or a `tzinfo`, which is returned as it is.

    Raises:
        InvalidInputError: No such zone.
    """
    if isinstance(zone, tzinfo):
        return zone
    if not isinstance(zone, str):
        raise InvalidInputError(
            f'a time zone must be an IANA name such as "Asia/Shanghai" or a tzinfo, got {type(zone).__name__}'
        )
    if offset := _OFFSET.fullmatch(zone):
        sign, hours, minutes = offset.groups()
        return timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
    try:
        return ZoneInfo(zone)
    except (ValueError, LookupError, OSError) as error:  # a bad key, an unknown one, a folder of zones
        raise InvalidInputError(
            f'no time zone {_shown(zone)}: pass an IANA name such as "Asia/Shanghai" or "Europe/Berlin", '
            '"UTC", an offset such as "+08:00", or a tzinfo'
        ) from error


def localize(civil: datetime, zone: tzinfo) -> datetime:
    """Give a naive wall-clock time its zone.

    A time that the clocks skip becomes the moment they jump to; of a time they show twice, `fold` chooses. At the
    ends of the calendar the result is clamped, in UTC, to what `datetime` can hold.
    """
    try:
        return civil.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    except OverflowError:
        return _EARLIEST if civil.year == 1 else _LATEST


def parse_bound(value: str | datetime | date | None, *, edge: Edge, zone: tzinfo) -> datetime | None:
    """Turn a `before`, `after` or `as_of` argument into an aware datetime.

    Args:
        value: ISO 8601 text, a `datetime` or a `date`. A date without a time ("2025-09-30"), a week ("2025-W40"), a
            month ("2025-09") or a year ("2025") stands for the whole of it. None is an open bound.
        edge: "start" gives the inclusive lower bound: the first moment of the period, or the instant itself. "end"
            gives the exclusive upper bound: the first moment after the period, or, as an instant counts as included,
            the microsecond after it.
        zone: Zone of dates and of times that name none. A time that carries an offset keeps it.

    Returns:
        The bound, aware; None for None.

    Raises:
        InvalidInputError: Not a date or time; the message says what to pass.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return _instant(value, edge, zone)
    if isinstance(value, date):
        return localize(_date_edge(value, 1, edge), zone)
    if isinstance(value, str):
        return _parse_text(value.strip(), edge, zone)
    raise InvalidInputError(
        f'a time bound must be ISO 8601 text such as "2025-09-30", a datetime or a date, got {type(value).__name__}'
    )


def check_order(start: datetime | None, end: datetime | None) -> None:
    """Check that something can lie between an inclusive lower and an exclusive upper bound.

    Raises:
        InvalidInputError: `end` is not later than `start`.
    """
    if start is None or end is None or start.astimezone(UTC) < end.astimezone(UTC):
        return
    raise InvalidInputError(
        f"before is earlier than after: nothing lies between {start.isoformat()} (after, inclusive) and "
        f"{end.isoformat()} (before, exclusive); exchange them or leave one out"
    )


def to_ts(moment: datetime) -> float:
    """Return an aware datetime as seconds since the epoch.

    Raises:
        InvalidInputError: `moment` is naive, so that it names no moment.
    """
    if moment.utcoffset() is None:
        raise InvalidInputError(f"seconds since the epoch need an aware datetime, got the naive {moment!r}")
    return moment.timestamp()


def _parse_text(text: str, edge: Edge, zone: tzinfo) -> datetime:
    if period := _PERIOD.fullmatch(text):
        return localize(_period_edge(text, int(period[1]), period[2], edge), zone)
    try:
        if _WEEK.fullmatch(text):
            return localize(_date_edge(date.fromisoformat(text), 7, edge), zone)
        return localize(_date_edge(date.fromisoformat(text), 1, edge), zone)
    except ValueError:
        pass  # no bare date; a time follows it, or it is neither
    try:
        return _instant(datetime.fromisoformat(text), edge, zone)
    except (ValueError, OverflowError):
        raise _unreadable(text) from None


def _period_edge(text: str, year: int, month: str | None, edge: Edge) -> datetime:
    if year == 0:
        raise _unreadable(text)
    first = int(month or 1)
    if edge == "start":
        return datetime(year, first, 1)  # noqa: DTZ001 - wall-clock time; the caller gives it its zone
    year, first = (year + 1, 1) if not month or first == _DECEMBER else (year, first + 1)
    return datetime.max if year > datetime.max.year else datetime(year, first, 1)  # noqa: DTZ001, DTZ901


def _date_edge(day: date, days: int, edge: Edge) -> datetime:
    midnight = datetime.combine(day, time())
    if edge == "start":
        return midnight
    try:
        return midnight + timedelta(days=days)
    except OverflowError:
        return datetime.max  # noqa: DTZ901 - wall-clock time; the caller gives it its zone


def _instant(moment: datetime, edge: Edge, zone: tzinfo) -> datetime:
    if moment.utcoffset() is None:
        moment = localize(moment.replace(tzinfo=None), zone)
    try:
        moment.astimezone(UTC)
    except OverflowError:
        moment = _EARLIEST if moment.year == 1 else _LATEST
    if edge == "start":
        return moment
    try:  # in UTC, as adding to a wall-clock time would step over the hour that clocks repeat
        return (moment.astimezone(UTC) + _INSTANT).astimezone(moment.tzinfo)
    except OverflowError:
        return _LATEST


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _unreadable(text: str) -> InvalidInputError:
    return InvalidInputError(
        f'can\'t read {_shown(text)} as a time: pass ISO 8601 such as "2025-09-30" (the whole day), '
        '"2025-09" (the whole month), "2025-09-30T14:00" or "2025-09-30T14:00+08:00", or a datetime or date'
    )
