import { headers } from 'next/headers'
import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { currentUser } from './session' // yours

const appId = process.env.PYLON_APP_ID ?? ''
const widgetOrigin = process.env.WIDGET_ORIGIN || 'https://widget.usepylon.com'
let secret: IdentitySecret | undefined // read with the first request: there is no secret when Next builds

/** Signs the email of the session, and never one that the request names. */
export async function chatSettings() {
  const user = await currentUser()
  if (!user) return undefined
  secret ??= IdentitySecret.fromEnv()
  return secret.chatSettings({ appId, email: user.email, name: user.name })
}

const queue = 'window.Pylon = function () { Pylon.e(arguments) }; Pylon.q = []; Pylon.e = (call) => Pylon.q.push(call)'

/** For the top of the body. The settings come before the widget, which reads them when it starts. */
export async function Chat() {
  const nonce = (await headers()).get('x-nonce')! // set by proxy.ts
  const settings = (await chatSettings()) ?? { app_id: appId }
  const html = [
    chatSettingsScript(settings, { nonce }),
    `<script nonce="${nonce}">${queue}</script>`,
    `<script src="${widgetOrigin}/widget/${appId}" nonce="${nonce}" async></script>`,
  ].join('')
  // Browsers hide nonces from React, which would warn that they are missing.
  return <div hidden suppressHydrationWarning dangerouslySetInnerHTML={{ __html: html }} />
}
