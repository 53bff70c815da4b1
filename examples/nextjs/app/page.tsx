import { currentUser } from './session'

export default async function Home({ searchParams }: { searchParams: Promise<{ login?: string }> }) {
  const user = await currentUser()
  const { login } = await searchParams
  return (
    <>
      <h1>Next.js</h1>
      {user ? (
        <>
          <p>
            Logged in as <b id="name">{user.name}</b>, {user.email}
          </p>
          <form method="post" action="/logout">
            <button>Log out</button>
          </form>
        </>
      ) : (
        <>
          {login === 'failed' && <p role="alert">Wrong email or password.</p>}
          <form method="post" action="/login">
            <label>
              Email <input name="email" type="email" autoComplete="username" required />
            </label>
            <label>
              Password <input name="password" type="password" autoComplete="current-password" required />
            </label>
            <button>Log in</button>
          </form>
        </>
      )}
    </>
  )
}
