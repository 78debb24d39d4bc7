"""The desk: where editors make, check, approve and send an issue, in the browser.

Not here: rules; what a page does, newsletter/services does, as for a command.
"""
