// Reads the HTML letters of a folder and prints, for each, what two independent judges say:
//
//   node judge.mjs NODE_MODULES FOLDER
//   {"letter.html": {"invalid": ["line:column rule: message"], "unsupported": {"feature": ["client"]}}}
//
// html-validate knows the HTML standard; doiuse-email the public table of what mail programs understand (caniemail).
// Clients of Korean portals are not in that table.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [modules, folder] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'judge.js'));
const { HtmlValidate } = require('html-validate');
const { doIUseEmail } = require('@jsx-email/doiuse-email');

const validator = new HtmlValidate({ root: true, extends: ['html-validate:standard', 'html-validate:a11y'] });
// Mail needs some attributes that web pages are told to leave to styles; these and no others.
const MAIL = ['align', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'valign', 'width'];
const isMails = ({ ruleId, message }) => ruleId === 'no-deprecated-attr' && MAIL.some(name => message.includes(`"${name}"`));
const CLIENTS = ['gmail.*', 'apple-mail.*', 'outlook.*', 'samsung-email.*', 'yahoo.*', 'fastmail.*', 'protonmail.*', 'hey.*'];

const told = {};
for (const name of readdirSync(folder).filter(name => name.endsWith('.html')).sort()) {
  const html = readFileSync(join(folder, name), 'utf8');
  const report = await validator.validateString(html);
  const faults = report.results.flatMap(result => result.messages).filter(fault => !isMails(fault));
  const invalid = faults.map(fault => `${fault.line}:${fault.column} ${fault.ruleId}: ${fault.message}`);
  const unsupported = {};
  for (const error of doIUseEmail(html, { emailClients: CLIENTS }).errors) {
    const [, feature, client] = error.match(/`(.*)` is not supported by `(.*)`/) ?? [null, error, '?'];
    (unsupported[feature] ??= new Set()).add(client);
  }
  for (const feature in unsupported) unsupported[feature] = [...unsupported[feature]];
  told[name] = { invalid, unsupported };
}
console.log(JSON.stringify(told));
