"""The sign-up form for other sites of the association."""

from flask import Blueprint

pages = Blueprint("embed", __name__)
