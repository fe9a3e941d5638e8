"""Who may do what. One function for each question."""

from typing import Any


def may_operate(user: Any) -> bool:
    """May this user see and steer the operation: jobs, mails, backups?"""
    return bool(getattr(user, "is_active", False) and (user.is_superuser or user.is_staff))
