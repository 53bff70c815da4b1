import type { ReactNode } from 'react'
import { Chat } from './pylon'
import './style.css'

export const metadata = { title: 'Verified chat on Next.js' }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Chat />
        {children}
      </body>
    </html>
  )
}
