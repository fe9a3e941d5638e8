"""The operator's map settings."""


def foreign_map_hosts() -> list[str]:
    """Origins of the base maps that the operator configured; none by default."""
    return []
