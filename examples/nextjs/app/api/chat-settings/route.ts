import { chatSettings } from '../../pylon'

// For single-page apps, which assign the answer to window.pylon.chat_settings.
export async function GET() {
  const settings = await chatSettings()
  return settings ? Response.json(settings) : Response.json({ error: 'Log in first.' }, { status: 401 })
}
