//! Effect: `moabom dkim new`: makes keys, writes them for the owner's eyes alone, prints the DNS records to publish.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::Misuse;
use crate::compose::dkim::{DkimError, DkimSettings, DnsRecord, Signer, ed25519_selector};

/// DKIM 서명 키를 다뤄요
#[derive(Debug, clap::Subcommand)]
pub enum DkimCommand {
    /// 새 키를 만들고 DNS에 올릴 TXT 레코드를 보여 줘요
    New(DkimNew),
}

/// 새 DKIM 키
#[derive(Debug, clap::Args)]
pub struct DkimNew {
    /// 서명할 도메인 (보내는 주소의 도메인)
    #[arg(long)]
    pub domain: String,
    /// 셀렉터: DNS 레코드 이름의 앞부분
    #[arg(long, default_value = "moabom")]
    pub selector: String,
    /// 키 파일을 둘 폴더
    #[arg(long, default_value = "config")]
    pub folder: PathBuf,
    /// Ed25519 키도 함께 만들기
    #[arg(long)]
    pub ed25519: bool,
}

/// Runs the command: records on stdout, everything else on stderr.
pub fn run(command: &DkimCommand) -> anyhow::Result<()> {
    let DkimCommand::New(new) = command;
    let made = new_keys(new)?;
    for path in &made.files {
        eprintln!("개인 키를 만들었어요: {} (소유자만 읽을 수 있어요)", path.display());
    }
    eprintln!("아래 TXT 레코드를 DNS에 올린 뒤 [dkim] 설정에 도메인, 셀렉터, 키 파일을 적으세요.");
    let mut out = io::stdout().lock();
    for record in &made.records {
        writeln!(out, "{}", record.zone_line())?;
    }
    Ok(())
}

/// What was made.
#[derive(Debug)]
pub struct MadeKeys {
    /// Private keys, mode 0600.
    pub files: Vec<PathBuf>,
    /// What to publish.
    pub records: Vec<DnsRecord>,
}

/// Makes an RSA key of 2048 bits, and an Ed25519 key if wanted. An existing file is never overwritten.
pub fn new_keys(new: &DkimNew) -> anyhow::Result<MadeKeys> {
    let settings = DkimSettings {
        domain: new.domain.clone(),
        selector: new.selector.clone(),
        rsa_pem: generate_rsa()?,
        ed25519_pem: if new.ed25519 { Some(generate_ed25519()?) } else { None },
    };
    // Reads the keys back, and checks the names before any becomes part of a path.
    let signer = Signer::new(&settings).map_err(|error| match error {
        DkimError::DnsName(option) => {
            let option =
                format!("--{option}에는 DNS 이름에 쓸 수 있는 글자(영문, 숫자, -, .)만 적을 수 있어요");
            anyhow::Error::from(Misuse(option))
        }
        other => other.into(),
    })?;
    fs::create_dir_all(&new.folder)
        .with_context(|| format!("폴더를 만들 수 없어요: {}", new.folder.display()))?;
    let mut keys = vec![(new.selector.clone(), &settings.rsa_pem)];
    keys.extend(settings.ed25519_pem.as_ref().map(|pem| (ed25519_selector(&new.selector), pem)));
    let mut files = Vec::new();
    for (selector, pem) in keys {
        let path = new.folder.join(format!("dkim-{selector}.pem"));
        write_private(&path, pem.expose_secret()).with_context(|| {
            format!("키 파일을 쓸 수 없어요: {}. 이미 있다면 다른 --selector를 쓰세요", path.display())
        })?;
        files.push(path);
    }
    Ok(MadeKeys { files, records: signer.dns_records() })
}

fn generate_rsa() -> anyhow::Result<SecretString> {
    let pair = KeyPair::generate(KeySize::Rsa2048).context("RSA 키를 만들지 못했어요")?;
    let der: Pkcs8V1Der<'_> = pair.as_der().context("RSA 키를 만들지 못했어요")?;
    Ok(pem(der.as_ref()))
}

fn generate_ed25519() -> anyhow::Result<SecretString> {
    let pair = Ed25519KeyPair::generate().context("Ed25519 키를 만들지 못했어요")?;
    // Version 1, without the public half: the form openssl writes and every tool reads.
    Ok(pem(pair.to_pkcs8v1().context("Ed25519 키를 만들지 못했어요")?.as_ref()))
}

fn pem(der: &[u8]) -> SecretString {
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in der.chunks(48) {
        text.push_str(&STANDARD.encode(line));
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text.into()
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(folder: &Path) -> DkimNew {
        DkimNew {
            domain: "example.com".into(),
            selector: "s1".into(),
            folder: folder.join("keys"),
            ed25519: true,
        }
    }

    #[test]
    fn new_keys_are_private_readable_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("folder");
        let made = new_keys(&wanted(folder.path())).expect("keys");
        let read = |path: &PathBuf| SecretString::from(fs::read_to_string(path).expect("key file"));
        let settings = DkimSettings {
            domain: "example.com".into(),
            selector: "s1".into(),
            rsa_pem: read(&made.files[0]),
            ed25519_pem: Some(read(&made.files[1])),
        };
        assert_eq!(Signer::new(&settings).expect("keys").dns_records(), made.records);
        #[cfg(unix)]
        for path in &made.files {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).expect("metadata"));
            assert_eq!(mode & 0o777, 0o600);
        }
        let before = fs::read(&made.files[0]).expect("key file");
        assert!(new_keys(&wanted(folder.path())).is_err());
        assert_eq!(fs::read(&made.files[0]).expect("key file"), before);
    }

    #[test]
    fn a_selector_that_is_no_dns_name_never_becomes_a_path() {
        let folder = tempfile::tempdir().expect("folder");
        let mut new = wanted(folder.path());
        new.selector = "../x".into();
        assert!(new_keys(&new).is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
    }
}
