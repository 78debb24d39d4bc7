"""The sign-up form for a frame on the association's own site: address, sections, consent."""

from flask import Blueprint

from newsletter.audience.forms import Answers
from newsletter.web.readers.joining.frame import EMBED, let_frame
from newsletter.web.readers.joining.signup import page, stamp

pages = Blueprint(EMBED, __name__)
pages.after_request(let_frame)


@pages.get("/embed")
def form() -> str:
    """Show the form; it is submitted to the sign-up, whose answer appears in the frame."""
    return page(Answers(), stamp())
