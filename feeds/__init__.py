"""A feed publisher and aggregator: many sources in, a few trusted topic feeds out."""

__version__ = "0.2.0"
__all__ = ["__version__"]
