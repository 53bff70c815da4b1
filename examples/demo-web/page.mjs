// The page of make demo-web.

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character])

const LANGUAGES = { fastapi: 'Python', express: 'Node', 'go-http': 'Go' }

const setting = ([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`
const bubble = ({ verdict, text }) => `<p class="bubble" data-verdict="${escape(verdict)}">${escape(text)}</p>`

const card = ({ app, settings, honest, tampered, mistake }) => `
<article id="${app.folder}">
  <header>
    <h2>${escape(app.name)}</h2><span>${LANGUAGES[app.folder]}</span>
    <a href="${app.origin}" target="_blank" rel="noreferrer">open</a>
  </header>
  <section class="honest">
    <h3>Ada is logged in</h3>
    <dl>${Object.entries(settings).map(setting).join('')}</dl>
    ${bubble(honest)}
  </section>
  <section class="tampered">
    <h3>She edits the page in the console</h3>
    <pre><b>&gt;</b> pylon.chat_settings.email = <i>'grace@example.com'</i></pre>
    ${bubble(tampered)}
  </section>
  <section class="mistake">
    <h3>A hash that was computed wrongly</h3>
    <pre>${escape(mistake.code)}</pre>
    <p class="causes">${mistake.causes.map((cause) => `<code>${escape(cause)}</code>`).join(' ')}</p>
    <p class="explanation">${escape(mistake.explanation)}</p>
  </section>
</article>`

export const renderPage = (results) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pylon-identity</title>
<style>
  * { box-sizing: border-box; margin: 0 }
  body { font: 14px/1.5 system-ui, sans-serif; color: #1c2130; background: #f4f5f9; padding: 28px 32px }
  h1 { font-size: 25px; line-height: 1.2; letter-spacing: -.02em }
  body > p { color: #5b6475; margin: 5px 0 20px }
  main { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 20px }
  article { display: grid; grid-row: span 4; grid-template-rows: subgrid; row-gap: 0; background: #fff;
    border: 1px solid #e3e6ee; border-radius: 14px; box-shadow: 0 1px 2px #1c213008, 0 8px 28px #1c21300d }
  article > header { display: flex; align-items: center; gap: 10px; padding: 12px 20px }
  h2 { font-size: 17px }
  header span { font-size: 12px; font-weight: 600; color: #4b3fc4; background: #eeecfd; padding: 1px 9px; border-radius: 99px }
  header a { margin-left: auto; color: #4b3fc4; font-weight: 600; text-decoration: none }
  section { padding: 13px 20px 16px; border-top: 1px solid #eceef4 }
  h3 { font-size: 13px; color: #5b6475; margin-bottom: 6px }
  pre, dl, code { font: 11px/1.55 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
  dl { display: grid; grid-template-columns: auto 1fr; column-gap: 12px }
  dt { color: #5b6475 }
  dd { overflow-wrap: anywhere }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f7fa; border-radius: 8px; padding: 8px 11px }
  pre b { color: #4b3fc4 }
  pre i { color: #b3261e; font-style: normal }
  .bubble { width: fit-content; margin: 9px 0 0 auto; padding: 6px 15px; border-radius: 16px 16px 4px 16px; color: #fff; background: #5b6475 }
  .bubble[data-verdict=verified] { background: #16794a }
  .bubble[data-verdict=refused] { background: #b3261e }
  .causes { margin: 8px 0 4px }
  .explanation { font-size: 12.5px; white-space: pre-line }
  .causes code { display: inline-block; font-weight: 600; color: #8a4b00; background: #fff1dc; padding: 0 8px; border-radius: 6px }
</style>
<h1>The chat knows who it talks to</h1>
<p>Three web applications on pylon-identity, running now. Open one, log in as <b>ada@example.com</b> with
the password <b>demo</b>, and try to be somebody else.</p>
<main>${results.map(card).join('')}
</main>
</html>
`
