//! Effect: `[[digest]]` holidays: the rule, and the list of days off, which may be a file of one's own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::super::private_file::io_words;
use super::super::section::Section;
use super::super::value::{Problem, choice, path};
use crate::schedule::{HolidayRule, Holidays};

/// The rule and its days; none where nothing is done on days off, or a fault was found.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<(HolidayRule, Arc<Holidays>)> {
    let rules =
        [("run", HolidayRule::Run), ("next_workday", HolidayRule::NextWorkday), ("skip", HolidayRule::Skip)];
    let rule = section.or("holidays", choice(&rules), HolidayRule::Run);
    let file = section.optional("holidays_file", path);
    let days = match &file {
        Some(file) => own(file),
        None => Holidays::korea().map_err(|error| Problem::new(error.to_string(), "")),
    };
    match days {
        Ok(days) => (rule != HolidayRule::Run).then(|| (rule, Arc::new(days))),
        Err(problem) => {
            section.fault("holidays_file", problem);
            None
        }
    }
}

fn own(file: &Path) -> Result<Holidays, Problem> {
    let told = |what: String| {
        let advice = "경로와 내용을 확인하세요. 저장소의 config/holidays-kr.toml을 고쳐 쓰면 돼요";
        Problem::new(format!("공휴일 파일 {}: {what}", file.display()), advice)
    };
    let text = fs::read_to_string(file).map_err(|error| told(io_words(&error)))?;
    Holidays::parse(&text).map_err(|error| told(error.to_string()))
}
