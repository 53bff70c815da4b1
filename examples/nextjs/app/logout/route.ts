import { endSession, fromOurPage } from '../session'

export async function POST(request: Request) {
  if (!fromOurPage(request)) return new Response('Post from our own pages only.', { status: 403 })
  await endSession()
  return new Response(null, { status: 303, headers: { Location: '/' } })
}
