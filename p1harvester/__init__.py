"""One telegram from a smart meter's P1 port in, one row in a SQL database out."""

__version__ = "0.1.0"
