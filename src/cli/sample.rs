//! Effect: a digest's letter as a copy for nobody: what a preview shows, a trial sends and an export keeps.

use anyhow::{Context as _, Result};
use mail_parser::MessageParser;

use super::Misuse;
use super::open::Opened;
use crate::compose::links::unsubscribe_url;
use crate::compose::{CompiledLetter, LetterHead, Origin, Personal};
use crate::model::edition::Content;
use crate::model::{EditionId, EmailAddress, SubscriberId};
use crate::publish::{Digest, Plan};

/// The row the sample copy is made for: no subscriber has it, so its links withdraw nobody.
const NOBODY: (SubscriberId, EditionId) = (SubscriberId(0), EditionId(0));

/// The digest of that name, or the only one.
pub fn chosen<'a>(digests: &'a [Digest], name: Option<&str>) -> Result<&'a Digest> {
    let known = || digests.iter().map(|digest| digest.name.as_str());
    match (name, digests) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let known = known().collect::<Vec<_>>().join(", ");
            Err(Misuse(format!("다이제스트가 여럿이니 이름을 적어 주세요: {known}")).into())
        }
        (Some(name), _) => digests
            .iter()
            .find(|digest| digest.name == name)
            .ok_or_else(|| Misuse::unknown("다이제스트", name, known()).into()),
    }
}

/// The letter's content; `warn` is told what the operator should know.
pub fn rendered(opened: &Opened, plan: &Plan, warn: &mut dyn FnMut(&str)) -> Result<Content> {
    let rendered = opened.renderer.render(&plan.letter)?;
    rendered.warnings.iter().for_each(|warning| warn(warning));
    Ok(Content::from(rendered))
}

/// The message as the sender composes it, addressed to the sender.
pub fn sample(opened: &Opened, plan: &Plan, content: &Content) -> Result<Vec<u8>> {
    sample_for(opened, plan, content, &opened.config.masthead.sender.email, Origin::Edition(NOBODY.1))
}

/// The same for `to`, who is nobody's row: its links withdraw nobody.
pub fn sample_for(
    opened: &Opened,
    plan: &Plan,
    content: &Content,
    to: &EmailAddress,
    origin: Origin,
) -> Result<Vec<u8>> {
    let letters = opened.letters()?;
    let (subscriber, edition) = NOBODY;
    let head = LetterHead {
        digest: plan.digest.clone(),
        date: plan.at,
        origin,
        zone: letters.zone,
        newsletter: letters.newsletter,
        sender: letters.sender,
    };
    let compiled = CompiledLetter::new(&head, content, &letters.key, letters.signer)?;
    let link = letters.public_url.map(|base| unsubscribe_url(&base, &letters.key, subscriber, edition));
    let mut message = Vec::new();
    let personal =
        Personal { to, name: None, unsubscribe_url: link.as_deref(), consented_on: None, subscriber };
    compiled.write(&personal, &mut message)?;
    Ok(message)
}

/// One part of the message itself, decoded: what is previewed is what is mailed.
pub fn part(message: &[u8], html: bool) -> Result<Vec<u8>> {
    let parsed = MessageParser::default().parse(message).context("만든 메일을 다시 읽지 못했어요")?;
    let body = if html { parsed.body_html(0) } else { parsed.body_text(0) };
    Ok(body.context("만든 메일에 그 부분이 없어요")?.into_owned().into_bytes())
}
