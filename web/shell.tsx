/** The frame around every page: what rig this is, where one can go, and whether its numbers are of now. */
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { si } from './format/numbers.ts';
import { live } from './live/live.ts';
import { addressOf, route } from './live/route.ts';
import { useStore } from './live/store.ts';
import { ComponentsPage } from './components/components-page.tsx';
import { HuntPage } from './hunt/hunt-page.tsx';
import { LedgerPage } from './ledger/ledger-page.tsx';
import { MiningPage } from './mining/mining-page.tsx';
import { ConnectionNote, ConnectionSign } from './parts/connection.tsx';

const PAGES: Readonly<Record<string, { readonly title: string; readonly page: ComponentType }>> = {
  mining: { title: 'Mining', page: MiningPage },
  hunt: { title: 'Hunt', page: HuntPage },
  ledger: { title: 'Ledger', page: LedgerPage },
  components: { title: 'Components', page: ComponentsPage },
};

export function Shell({ version, onLogout }: { readonly version: string; readonly onLogout: () => void }) {
  const [name = 'mining'] = useStore(route, (parts) => parts);
  const node = useStore(live, ({ state }) => state?.node.id ?? null);
  const mode = useStore(live, ({ state }) => state?.node.mode ?? null);
  const isLost = useStore(live, ({ connection }) => connection === 'lost');
  const title = useStore(live, ({ state, connection }) => tabTitle(name, state?.mining.hashrate_hs ?? null, state?.node.id ?? null, connection === 'lost'));
  useEffect(() => void (document.title = title), [title]);
  const found = PAGES[name];
  const Page = found?.page ?? Unknown;

  return (
    <div class={isLost ? 'shell is-stale' : 'shell'}>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <div class="top-inner">
          <a class="brand" href={addressOf('mining')} aria-label="Rigbrain, to the mining page">
            <span class="mark" aria-hidden="true" />
            <span class="brand-name">{node ?? 'Rigbrain'}</span>
            {mode !== null && mode !== 'live' && <span class="badge">{mode}</span>}
          </a>
          <nav aria-label="Pages">
            {Object.entries(PAGES).map(([key, { title: label }]) => (
              <a key={key} href={addressOf(key)} aria-current={key === name ? 'page' : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <div class="top-end">
            <ConnectionSign />
            <button class="button plain" type="button" onClick={onLogout}>
              Log out
            </button>
          </div>
        </div>
      </header>
      <ConnectionNote />
      <main id="content" tabIndex={-1}>
        <Page />
      </main>
      <footer class="foot quiet">
        Rigbrain {version}. Everything on this page comes from this rig; nothing is asked of anybody else.
      </footer>
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** What a person with twenty tabs sees: the rate first. */
function tabTitle(name: string, hashrateHs: number | null, node: string | null, isLost: boolean): string {
  const page = PAGES[name]?.title ?? 'Unknown page';
  return [isLost ? 'no connection' : hashrateHs === null ? null : si(hashrateHs, 'H/s'), page, node ?? 'Rigbrain'].filter((part) => part !== null).join(' \u00b7 ');
}

function Unknown() {
  return (
    <section class="panel">
      <h1>There is no such page</h1>
      <p>
        <a href={addressOf('mining')}>To the mining page</a>
      </p>
    </section>
  );
}

