//! Effect: what SQLite or the system refused, in Korean, with the remedy that fits.

use std::io;

use rusqlite::ErrorCode;

/// What was refused, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened.
    pub cause: String,
    /// What mends it.
    pub advice: &'static str,
}

impl Refusal {
    pub(super) fn new(cause: &str, advice: &'static str) -> Refusal {
        Refusal { cause: cause.to_owned(), advice }
    }

    /// SQLite's; of a statement's text nothing is repeated.
    pub(super) fn of(error: &rusqlite::Error) -> Refusal {
        const PLACE: &str = "[store] path의 경로와 파일, 폴더의 권한을 확인하세요";
        const RESTORE: &str = "파일을 복사해 둔 뒤 `moabom restore`로 백업에서 되살리세요";
        const WAIT: &str = "다른 moabom 명령이나 데이터베이스 도구의 일이 끝난 뒤에 다시 해 보세요";
        let (cause, advice) = match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) => ("그곳의 파일을 열거나 만들 수 없어요", PLACE),
            Some(ErrorCode::PermissionDenied) => ("권한이 없어요", PLACE),
            Some(ErrorCode::ReadOnly) => ("쓸 수 없는 파일이나 폴더예요", PLACE),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                ("다른 프로그램이 붙들고 있어요", WAIT)
            }
            Some(ErrorCode::DiskFull) => ("디스크에 남은 공간이 없어요", "자리를 비우고 다시 하세요"),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ("파일이 깨졌어요", RESTORE),
            Some(ErrorCode::SystemIoFailure) => {
                ("디스크가 읽거나 쓰지 못했어요", "디스크가 성한지, 빠지지 않았는지 확인하세요")
            }
            _ => return Refusal::new(&error.to_string(), "`moabom verify`로 저장소를 확인하세요"),
        };
        Refusal::new(cause, advice)
    }

    /// The system's, of a file or folder of the store.
    pub(super) fn of_place(error: &io::Error) -> Refusal {
        let other = error.to_string();
        let cause = match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                "경로 가운데에 폴더가 아닌 것이 있어요"
            }
            io::ErrorKind::NotFound => "폴더가 없거나 만들 수 없는 곳이에요",
            io::ErrorKind::PermissionDenied => "그곳에 쓸 권한이 없어요",
            io::ErrorKind::ReadOnlyFilesystem => "쓸 수 없게 묶인 디스크예요",
            io::ErrorKind::StorageFull => "디스크에 남은 공간이 없어요",
            _ => &other,
        };
        Refusal::new(cause, "[store] path의 경로, 폴더의 권한, 남은 공간을 확인하세요")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::super::sql;

    /// What SQLite really says, each provoked on a file of its own.
    #[test]
    fn a_refusal_of_sqlite_is_told_in_korean_with_the_remedy_that_fits() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |name: &str| Connection::open(folder.path().join(name)).expect("a file");
        let told =
            |db: &Connection, statement| sql(db.execute_batch(statement).expect_err("refused")).to_string();
        let (db, other) = (file("store.sqlite"), file("store.sqlite"));
        db.execute_batch("CREATE TABLE t (x); BEGIN IMMEDIATE").expect("held");
        other.busy_timeout(Duration::ZERO).expect("no patience");
        let busy = told(&other, "BEGIN IMMEDIATE");
        assert!(busy.contains("다른 프로그램이 붙들고") && busy.contains("끝난 뒤에"), "{busy}");
        db.execute_batch("COMMIT; PRAGMA max_page_count = 3").expect("a small disk");
        let full = told(&db, "INSERT INTO t VALUES (zeroblob(100000))");
        assert!(full.contains("남은 공간이 없어요") && full.contains("비우고"), "{full}");
        db.execute_batch("PRAGMA query_only = 1").expect("set");
        let fixed = told(&db, "INSERT INTO t VALUES (1)");
        assert!(fixed.contains("쓸 수 없는") && fixed.contains("권한"), "{fixed}");
        std::fs::write(folder.path().join("no.sqlite"), "아무 글".repeat(200)).expect("written");
        let broken = told(&file("no.sqlite"), "SELECT * FROM t");
        assert!(broken.contains("깨졌어요") && broken.contains("moabom restore"), "{broken}");
        for said in [busy, fixed, broken] {
            assert!(!said.contains("남은 공간") && !said.contains("database"), "{said}");
        }
    }
}
