const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text) => text.replace(/[&<>"']/g, (character) => ENTITIES[character])

const greeting = (user) => `
  <p>Logged in as <b id="name">${escape(user.name)}</b>, ${escape(user.email)}</p>
  <form method="post" action="/logout"><button>Log out</button></form>`

const loginForm = (error) => `
  ${error ? `<p role="alert">${escape(error)}</p>` : ''}
  <form method="post" action="/login">
    <label>Email <input name="email" type="email" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Log in</button>
  </form>`

// A JWT lives for ten minutes. Fetch one every four, so that one request may fail.
const fetchAgain = `
    setInterval(async () => {
      const response = await fetch('/api/chat-settings').catch(() => undefined)
      if (response?.ok) pylon.chat_settings = await response.json()
    }, 4 * 60 * 1000)`

// First the settings, since the widget reads them when it starts.
export const renderPage = ({ user, nonce, settingsScript, widget, error, expires }) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Verified chat on Express</title>
  <style>
    body { font: 1rem/1.6 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem; color: #1b1f2a }
    label { display: block; margin: .8rem 0 }
    input, button { font: inherit; padding: .4rem .7rem; border: 1px solid #b8bfcc; border-radius: .4rem }
    input { display: block; width: 100%; box-sizing: border-box }
  </style>
  ${settingsScript}
  <script nonce="${nonce}">
    // Calls of the page wait in a queue until the widget is there.
    window.Pylon = function () { Pylon.e(arguments) }
    Pylon.q = []
    Pylon.e = (call) => Pylon.q.push(call)${user && expires ? fetchAgain : ''}
  </script>
  <script src="${escape(widget)}" nonce="${nonce}" async></script>
</head>
<body>
  <h1>Express</h1>
  ${user ? greeting(user) : loginForm(error)}
</body>
</html>
`
