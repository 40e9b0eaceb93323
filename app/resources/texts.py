"""What people read when a request is refused, by the code that scripts read."""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "no_session": ("Please sign in", "You are not signed in, or your session has ended."),
    "invalid_session": ("Please sign in again", "Your session could not be confirmed."),
    "access_denied": ("No access", "Your account may not open this marketplace."),
    "missing_claim": (
        "Account incomplete",
        "The marketplace needs information that your account lacks. Ask your administrator.",
    ),
    "foreign_request": ("Blocked", "This address opens only from the application it belongs to."),
    "not_found": ("Not found", "There is nothing at this address."),
    "invalid_parameter": ("Invalid address", "A parameter is repeated or invalid."),
    "bad_request": ("Invalid request", "The request could not be understood."),
    "method_not_allowed": ("Method not allowed", "This address can only be opened with GET."),
    "headers_too_large": (
        "Request too large",
        "The request's headers are too large. Deleting the cookies of this site may help.",
    ),
    "authenticator_unavailable": (
        "One moment, please",
        "Your session cannot be checked right now. Try again in a few seconds.",
    ),
    "vendor_unavailable": (
        "One moment, please",
        "The marketplace does not answer right now. Try again in a few seconds.",
    ),
    "location_too_long": (
        "Address too long",
        "The marketplace's address would be too long. Ask your administrator.",
    ),
    "internal_error": ("Something went wrong", "The fault is ours, not yours. Try again later."),
}
"""For each code a title and a sentence."""

LOGIN_TRIED: Final = (
    "You are still signed out",
    (
        "You have just signed in, but that session is not accepted here. If trying again does not"
        " help, send the number below to your administrator."
    ),
)
"""The title and the sentence for those who come back from the login without a session."""
