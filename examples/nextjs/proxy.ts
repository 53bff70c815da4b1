import { randomBytes } from 'node:crypto'
import { NextResponse, type NextRequest } from 'next/server'

const widgetOrigin = process.env.WIDGET_ORIGIN || 'https://widget.usepylon.com'
const evaluate = process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : '' // for next dev

export function proxy(request: NextRequest) {
  const nonce = randomBytes(16).toString('base64')
  const csp = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
    `form-action 'self'; script-src 'nonce-${nonce}' 'self' ${widgetOrigin}${evaluate}; ` +
    `connect-src 'self' ${widgetOrigin} https://*.usepylon.com wss://*.pusher.com; ` +
    "style-src 'self' 'unsafe-inline' https://*.usepylon.com; " +
    "font-src 'self' https://*.usepylon.com; img-src 'self' https://*.usepylon.com " +
    'https://pylon-avatars.s3.us-west-1.amazonaws.com https://d3vl36l12sfx26.cloudfront.net'
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce) // for <Chat>
  headers.set('Content-Security-Policy', csp) // where Next finds the nonce for its own scripts
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('Content-Security-Policy', csp)
  response.headers.set('Cache-Control', 'no-store, private') // the hash is for this user only
  response.headers.set('X-Content-Type-Options', 'nosniff')
  return response
}

export const config = { matcher: '/((?!_next/static).*)' }
