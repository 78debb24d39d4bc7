"""The sign-up form for a frame on the association's own site: address, sections, consent."""

from flask import Blueprint

from newsletter.audience.answers import Answers
from newsletter.web.public.joining.frame import EMBED, let_frame
from newsletter.web.public.joining.signup import page, stamp

pages = Blueprint(EMBED, __name__)
pages.after_request(let_frame)


@pages.get("/embed")
def form() -> str:
    """Show the form; it is answered by the sign-up, in the frame."""
    return page(Answers(), stamp())
