"""The trail in the admin: read only, bounded in time, newest first."""

from __future__ import annotations

from audit.admin.trail import TrailRecordAdmin

__all__ = ["TrailRecordAdmin"]
