"""Courses: planned, filled seat by seat, registered session by session, and finished or cancelled.

Every act holds the authority's lock and then locks the course and its enrolments, in this order: two clients never have
the same seat.
"""
