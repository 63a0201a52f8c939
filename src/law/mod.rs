//! Pure: subject mark, footer, notices due, anniversaries (MAIL-LAW; 정보통신망법 50조).
