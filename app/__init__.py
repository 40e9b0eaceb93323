"""Signs the users of a SaaS product into an embedded vendor marketplace."""

from importlib.metadata import version

__version__ = version("marketplace-sso")
