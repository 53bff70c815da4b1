import { fromOurPage, startSession } from '../session'

export async function POST(request: Request) {
  if (!fromOurPage(request)) return new Response('Post from our own pages only.', { status: 403 })
  const form = await request.formData().catch(() => new FormData()) // malformed
  const [email, password] = [form.get('email'), form.get('password')].map(String)
  const Location = (await startSession(email, password)) ? '/' : '/?login=failed'
  return new Response(null, { status: 303, headers: { Location } })
}
