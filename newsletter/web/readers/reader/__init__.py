"""A reader's own pages, by the signed links of any letter: choosing, pausing, leaving, moving, erasing."""
