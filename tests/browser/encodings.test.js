// The script tag in pages that a browser does not read as UTF-8: no name breaks out, no value changes.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { launch } from './browser.js'
import { SECRET } from './leaks.js'

const ENCODINGS = [
  'shift_jis', 'gbk', 'gb18030', 'big5', 'euc-jp', 'euc-kr', 'iso-2022-jp', 'utf-16le', 'utf-16be', 'windows-1252',
]
const ATTACK = '"}};window.broken=1//'
// Each last byte of UTF-8 after each length, and the escape sequences of ISO-2022-JP.
const CHARACTERS = [
  ...Array.from({ length: 64 }, (_, i) => String.fromCodePoint(0x80 + i)),
  ...Array.from({ length: 64 }, (_, i) => String.fromCodePoint(0x3040 + i)),
  ...Array.from({ length: 64 }, (_, i) => String.fromCodePoint(0xff80 + i)),
  ...Array.from({ length: 64 }, (_, i) => String.fromCodePoint(0x1f600 + i)),
  '\x1b$B', '\x1b(J', '\x1b(B', '\x7f', '\u2028', '\u2029',
]
const USERS = CHARACTERS.map((character) => ({ email: `a${character}@example.com`, name: character + ATTACK }))

const secret = new IdentitySecret(SECRET)
const escaped = (user) => chatSettingsScript(secret.chatSettings({ appId: 'a', ...user }))
// The control: many libraries escape only these.
const asBefore = (user) => {
  const json = JSON.stringify(user).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt().toString(16).padStart(4, '0')}`,
  )
  return `<script>window.pylon = { chat_settings: ${json} };</script>`
}

const KEEP = '<script>all.push(window.pylon && window.pylon.chat_settings); delete window.pylon</script>'
const page = (render, encoding, declared) => {
  const meta = declared === 'meta' ? `<meta charset="${encoding}">` : ''
  const html = `<!doctype html>${meta}<script>var all = []</script>${USERS.map((user) => render(user) + KEEP).join('\n')}`
  return encoding.startsWith('utf-16') && declared === 'header' && render === escaped
    ? encode16(html, encoding)
    : Buffer.from(html)
}
const encode16 = (text, encoding) => {
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}

let browser, server
before(async () => {
  server = createServer((request, response) => {
    const { searchParams: ask } = new URL(request.url, 'http://a')
    const [encoding, declared] = [ask.get('encoding'), ask.get('declared')]
    response.setHeader('Content-Type', declared === 'header' ? `text/html; charset=${encoding}` : 'text/html')
    response.end(page(ask.get('render') === 'escaped' ? escaped : asBefore, encoding, declared))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  browser = await launch()
})
after(async () => {
  await browser?.close()
  server?.close()
})

async function load(render, encoding, declared) {
  const tab = await browser.newPage()
  try {
    const query = new URLSearchParams({ render, encoding, declared })
    await tab.goto(`http://127.0.0.1:${server.address().port}/?${query}`)
    return await tab.evaluate(() => ({ broken: window.broken, all: window.all, charset: document.characterSet }))
  } finally {
    await tab.close()
  }
}

for (const encoding of ENCODINGS) {
  test(`${encoding}: nothing breaks out, nothing changes`, async () => {
    for (const declared of ['header', 'meta', 'undeclared']) {
      const { broken, all, charset } = await load('escaped', encoding, declared)
      if (declared === 'header') assert.equal(charset.toLowerCase(), encoding)
      assert.equal(broken, undefined)
      assert.deepEqual(all.map(({ email, name }) => ({ email, name })), USERS)
    }
  })
}

test('a script tag that escapes markup only is broken out of', async () => {
  const broken = []
  for (const encoding of ENCODINGS) if ((await load('asBefore', encoding, 'header')).broken) broken.push(encoding)
  assert.ok(['shift_jis', 'gbk', 'gb18030', 'big5'].every((encoding) => broken.includes(encoding)), broken.join())
})
