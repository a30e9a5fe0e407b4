/** Who are you, then which page. */
import { useEffect, useState } from 'preact/hooks';
import { api, ApiError, wordsOf } from './api/client.ts';
import { Login } from './login.tsx';
import { startLive, stopLive } from './live/live.ts';
import { tokenOf, takeToken } from './live/route.ts';
import { Shell } from './shell.tsx';

type Session = { readonly is: 'asking' } | { readonly is: 'in'; readonly version: string } | { readonly is: 'out'; readonly problem: string | null } | { readonly is: 'unreachable'; readonly problem: string };

const AGAIN_MS = 3000;

export function App({ token }: { readonly token: string | null }) {
  const [session, setSession] = useState<Session>({ is: 'asking' });

  const enter = async (secret: string | null): Promise<void> => {
    try {
      if (secret !== null) await api.login(secret);
      const { authenticated, version } = await api.session();
      setSession(authenticated ? { is: 'in', version } : { is: 'out', problem: null });
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) setSession({ is: 'unreachable', problem: wordsOf(error) });
      else setSession({ is: 'out', problem: wordsOf(error) });
    }
  };

  useEffect(() => void enter(token), []);
  useEffect(() => {
    // An address with a token that is opened in a page that is there already does not load it anew.
    const look = (): void => {
      if (tokenOf(location.hash) !== null) void enter(takeToken());
    };
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  useEffect(() => {
    if (session.is !== 'unreachable') return;
    const timer = setTimeout(() => void enter(null), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [session]);
  useEffect(() => {
    if (session.is !== 'in') return;
    startLive(() => setSession({ is: 'out', problem: 'You were logged out.' }));
    return stopLive;
  }, [session.is]);

  if (session.is === 'asking') return <p class="waiting" role="status">Asking the hub…</p>;
  if (session.is === 'unreachable') {
    return (
      <p class="waiting" role="status">
        {session.problem} Tried again every {AGAIN_MS / 1000} s.
      </p>
    );
  }
  if (session.is === 'out') return <Login problem={session.problem} onLogin={(secret) => enter(secret)} />;
  return <Shell version={session.version} onLogout={() => void api.logout().catch(() => {}).then(() => setSession({ is: 'out', problem: null }))} />;
}
