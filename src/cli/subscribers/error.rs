//! Effect: why a command on people failed, in words for the operator.

use std::io;
use std::path::PathBuf;

use crate::cli::{Misuse, dates};
use crate::model::address::AddressError;
use crate::model::name::NameError;
use crate::model::subscriber::SuppressionReason;
use crate::store::StoreError;

/// Why a command failed; every text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SubscribersError {
    /// The address is none.
    #[error("메일 주소를 읽을 수 없어요: '{typed}' {cause}")]
    Address {
        /// As typed.
        typed: String,
        /// Why.
        cause: AddressError,
    },
    /// The name is none.
    #[error("{0}")]
    Name(#[from] NameError),
    /// The day of consent is none.
    #[error("동의일 '{typed}': {cause}")]
    Date {
        /// As typed.
        typed: String,
        /// Why.
        cause: dates::DateError,
    },
    /// No such digest is configured.
    #[error(transparent)]
    Digest(Misuse),
    /// Nobody of that address or number.
    #[error("'{0}' 구독자를 찾지 못했어요. 주소나 번호를 `moabom subscribers list`에서 확인해 주세요")]
    NotFound(String),
    /// The address must not be mailed.
    #[error("{address}: 발송 금지된 주소라 넣지 않았어요 (까닭: {}). {}", .reason.words(), barred_advice(*.reason))]
    Suppressed {
        /// The address.
        address: String,
        /// Why it is suppressed.
        reason: SuppressionReason,
    },
    /// There is no secret key.
    #[error("비밀 키가 없어 발송 금지 목록을 확인할 수 없어요. `moabom check`로 설정을 확인해 주세요")]
    NoKey,
    /// What was named as a file is none.
    #[error("파일 {path}: {cause}")]
    NotThere {
        /// As typed.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A file cannot be read or written.
    #[error("파일 {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The import was refused as a whole.
    #[error(
        "잘못된 행이 {0}개 있어 아무것도 가져오지 않았어요. 고치거나, 빼고 가져오려면 --keep-going을 붙이세요"
    )]
    Refused(u64),
    /// The purge could not finish.
    #[error(
        "지웠지만 다른 프로그램이 저장소를 읽고 있어 파일의 흔적을 마저 비우지 못했어요. 발송을 멈추고 `moabom subscribers forget`을 한 번 더 실행하세요"
    )]
    Held,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The output failed.
    #[error("결과를 쓰지 못했어요: {0}")]
    Output(#[from] io::Error),
}

impl SubscribersError {
    /// 2 where what was typed is at fault, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            SubscribersError::Address { .. }
            | SubscribersError::Name(_)
            | SubscribersError::Date { .. }
            | SubscribersError::Digest(_)
            | SubscribersError::NotThere { .. } => 2,
            _ => 1,
        }
    }
}

/// What can be done about an address that must not be mailed.
pub(in crate::cli) fn barred_advice(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Withdrawn | SuppressionReason::Complaint => {
            "거부한 사람은 운영자가 되살릴 수 없고, 본인이 다시 구독해야 해요"
        }
        SuppressionReason::HardBounce => {
            "주소가 맞는지 본인에게 확인하고, 다른 주소를 받았으면 그 주소를 넣어 주세요"
        }
        SuppressionReason::Manual => "막은 까닭을 먼저 확인해 주세요",
    }
}
