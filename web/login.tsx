import { useState } from 'preact/hooks';

/** The token once; the hub then keeps a cookie for this browser. */
export function Login({ problem, onLogin }: { readonly problem: string | null; readonly onLogin: (token: string) => Promise<void> }) {
  const [token, setToken] = useState('');
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    await onLogin(token.trim());
    setBusy(false);
  };

  return (
    <main class="login">
      <form class="panel login-form" onSubmit={submit}>
        <h1>
          <span class="mark" aria-hidden="true" /> Rigbrain
        </h1>
        <p class="quiet">
          Open the address that the daemon prints at its start, or type the token. On the rig, <code>rigbrain hub url</code> shows the address again.
        </p>
        {/* Password managers keep a password with a name. */}
        <input type="text" name="username" autocomplete="username" value="rigbrain" hidden readOnly />
        <label class="field">
          <span>Token</span>
          <input type="password" name="token" autocomplete="current-password" autofocus required spellcheck={false} value={token} onInput={(event) => setToken(event.currentTarget.value)} aria-describedby={problem === null ? undefined : 'login-problem'} />
        </label>
        {problem !== null && (
          <p id="login-problem" class="problem" role="alert">
            {problem}
          </p>
        )}
        <button class="button primary" type="submit" disabled={isBusy || token.trim() === ''}>
          {isBusy ? 'Logging in…' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
