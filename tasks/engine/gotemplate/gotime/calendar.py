"""The Gregorian calendar without bounds: any year, before 1 and after 9999 too, as Go computes it."""

from typing import Final

#: Days of the year before each month of a year that is no leap year; the last is the year's length.
DAYS_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)

#: After so many days the calendar, weekdays included, repeats: 400 years.
CYCLE_DAYS: Final = 146_097


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """Length of a month (1 to 12) in days."""
    if month == 2 and is_leap(year):
        return 29
    return DAYS_BEFORE[month] - DAYS_BEFORE[month - 1]


def days_since_epoch(year: int, month: int, day: int) -> int:
    """Days from 1 January 1970 to a date; months and days beyond their range carry over."""
    years, month_index = divmod(month - 1, 12)
    year += years
    # Years that begin in March end with the leap day, which makes the sum regular.
    march_year, march_month = (year, month_index - 2) if month_index >= 2 else (year - 1, month_index + 10)
    cycle, year_of_cycle = divmod(march_year, 400)
    day_of_year = (153 * march_month + 2) // 5
    day_of_cycle = year_of_cycle * 365 + year_of_cycle // 4 - year_of_cycle // 100 + day_of_year
    return cycle * CYCLE_DAYS + day_of_cycle - 719_468 + day - 1


def date_of_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of the date that many days after 1 January 1970."""
    cycle, day_of_cycle = divmod(days + 719_468, CYCLE_DAYS)
    year_of_cycle = (
        day_of_cycle - day_of_cycle // 1460 + day_of_cycle // 36_524 - day_of_cycle // (CYCLE_DAYS - 1)
    ) // 365
    day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    march_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * march_month + 2) // 5 + 1
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = cycle * 400 + year_of_cycle + (1 if month <= 2 else 0)
    return year, month, day


def day_of_year(year: int, month: int, day: int) -> int:
    """1 for 1 January, up to 366."""
    return DAYS_BEFORE[month - 1] + day + (1 if month > 2 and is_leap(year) else 0)
