//! Pure: cron + zone + last slot + now → due slot, and the late rule (design section 11).
