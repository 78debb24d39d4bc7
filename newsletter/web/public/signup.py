"""Sign-up: the form, and the link that confirms it."""

from flask import Blueprint

pages = Blueprint("signup", __name__)
