"""A feed publisher and aggregator: many sources in, a few trusted topic feeds out."""

__version__ = "0.1.0"
__all__ = ["__version__"]
