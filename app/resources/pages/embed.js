// @ts-check
/**
 * `<marketplace-embed src="/pandium-sso">`: a vendor's marketplace inside a page of the host.
 *
 * It asks the service whether somebody is signed in before it shows anything, so that no login page
 * is ever framed. docs/embedding.md describes its attributes and events.
 */

/**
 * What the service says: of a session or, where `getToken` is set, of the marketplace's address.
 *
 * @typedef {object} Answer
 * @property {boolean} refused a session is needed, and there is none
 * @property {boolean} authenticated
 * @property {string} origin the marketplace's
 * @property {string} [url] its address, with a token
 * @property {number | null} expiresAt epoch seconds
 * @property {string | null} loginUrl leads back to where the user is now
 * @property {Renew} [renew] where the vendor's page asks for tokens itself
 */

/**
 * @typedef {object} Renew
 * @property {string} origin of the page that asks, and is answered
 * @property {unknown} message what it posts: a text, or members of an object
 * @property {unknown} answer a template with `{token}`, `{url}` and `{expires_at}`
 */

const ANSWER_MS = 30_000;
const REFRESH_MS = 10_000;
const RENEW_MS = 5_000;
const SETTLE_MS = 100; // a page's message and its load event come in no certain order
const LONGEST_REFRESH_SECONDS = 86_400;
const LONGEST_MESSAGE = 65_536; // characters
const TALLEST_PX = 20_000;

const DEEP_LINKS = "integration_id display integration_settings"; // Pandium's, on the host's page
const LISTING = /\/listing\/([A-Za-z0-9_-]{1,64})$/; // APIFuse's path, and ours
const PAGE_PARAMETER = "marketplace_page"; // on the host's page: the listing to come back to

// A login that is not believed here would lead back, and round and round: it is tried once a minute.
const ATTEMPT = "sso_attempt"; // when this tab left for the login, in epoch seconds
const ATTEMPT_SECONDS = 60;
const LEAVING_SECONDS = 5;

/** Why there is nothing to show; `code` is one of docs/errors.md or docs/embedding.md. */
class Problem extends Error {
  /**
   * @param {string} code
   * @param {number | null} status of HTTP
   */
  constructor(code, status = null) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

class MarketplaceEmbed extends HTMLElement {
  static observedAttributes = ["src"];

  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  /** @type {AbortController | null} */
  #inFlight = null;
  /** @type {Map<string, number>} */
  #timers = new Map();
  #shownAt = -Infinity; // when something was last to be shown, by performance.now()
  #origin = ""; // the marketplace's
  /** @type {(Renew & {address: string}) | null} */
  #renew = null; // of the page in the frame
  /** @type {AbortController | null} */
  #renewing = null;
  #renewedAt = -Infinity; // when a token was last asked for, by performance.now()
  #listing = ""; // which listing is to be shown
  #returnParameter = ""; // of the login
  #started = false; // an element that is upgraded has its attributes first, and is connected then

  connectedCallback() {
    this.#started = true;
    window.addEventListener("message", this.#hear);
    window.addEventListener("pageshow", this.#comeBack);
    this.#restart();
  }

  disconnectedCallback() {
    this.#started = false;
    window.removeEventListener("message", this.#hear);
    window.removeEventListener("pageshow", this.#comeBack);
    this.#stop();
    this.#put();
  }

  attributeChangedCallback() {
    if (this.#started) this.#restart();
  }

  /** Show the page anew, with a fresh token: at most once in ten seconds, so it may take a while. */
  reload() {
    if (this.#inFlight || this.#timers.has("reload") || !this.getAttribute("src")) return;
    const wait = this.#shownAt + REFRESH_MS - performance.now();
    this.#after(Math.max(wait, 0), "reload", () => this.#load());
  }

  #restart() {
    this.#stop();
    if (!this.getAttribute("src")) return;
    const page = new URLSearchParams(window.location.search).get(PAGE_PARAMETER) ?? "";
    const listing = LISTING.exec(page)?.[1] ?? "";
    this.#listing = page === this.#pathTo(listing) ? listing : "";
    this.#load();
  }

  #stop() {
    this.#inFlight?.abort();
    this.#inFlight = null;
    this.#renewNoMore();
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
  }

  #load() {
    this.#shownAt = performance.now();
    this.#ask((answer) => (answer.refused ? this.#requireLogin(answer) : this.#show(answer)));
  }

  /**
   * Have somebody sign in, unless they are.
   *
   * @param {() => void} otherwise
   */
  #signIn(otherwise) {
    if (this.#inFlight) return;
    this.#ask((answer) => {
      this.#settle();
      if (answer.authenticated) otherwise();
      else this.#requireLogin(answer);
    });
  }

  /** @param {(answer: Answer) => void} then */
  async #ask(then) {
    const attempt = new AbortController();
    this.#inFlight = attempt;
    this.setAttribute("aria-busy", "true");
    this.#after(ANSWER_MS, "answer", () => {
      attempt.abort();
      this.#settle();
      this.#tell("sso-timeout");
      this.#refreshLater();
    });
    try {
      const answer = await this.#answer(attempt.signal);
      if (!attempt.signal.aborted) then(answer);
    } catch (error) {
      if (!attempt.signal.aborted) this.#fail(error);
    }
  }

  /**
   * @param {string} address
   * @param {AbortSignal} signal
   * @returns {Promise<{response: Response, told: any}>}
   */
  async #fetch(address, signal) {
    /** @type {(() => Promise<string>) | undefined} */
    const getToken = /** @type {any} */ (this).getToken;
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (getToken) headers.Authorization = `Bearer ${await getToken()}`;
    const response = await fetch(address, {
      headers,
      signal,
      cache: "no-store",
      credentials: "include",
      redirect: "manual", // where a proxy in front would lead to its login
    });
    return { response, told: await response.json().catch(() => ({})) };
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Answer>}
   */
  async #answer(signal) {
    /** @type {(() => Promise<string>) | undefined} */
    const getToken = /** @type {any} */ (this).getToken;
    const { response, told } = await this.#fetch(this.#address(getToken ? "" : "/session"), signal);
    const refused = response.status === 401 || response.type === "opaqueredirect";
    const origin = told.marketplace_origin ?? told.origin;
    const framed = getToken ? told.url && !told.parameters : true; // not what takes a form
    if (!refused && !(response.ok && origin && framed)) {
      throw new Problem(told.code ?? "unexpected_answer", response.status);
    }
    return {
      refused,
      authenticated: !refused && (told.authenticated ?? true),
      origin,
      url: told.url,
      expiresAt: told.expires_at ?? null,
      loginUrl: refused && !told.code ? this.#address() : this.#leadingBack(told),
      renew: told.renew,
    };
  }

  /** @param {Answer} answer */
  #show({ url, origin, expiresAt, renew }) {
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") || "Marketplace";
    frame.referrerPolicy = "strict-origin"; // the service wants to know whose page asks
    frame.allow = this.getAttribute("allow") ?? `clipboard-write ${origin}`;
    frame.loading = this.getAttribute("loading") === "lazy" ? "lazy" : "eager";
    Object.assign(frame.style, { border: "0", display: "block", height: "100%", width: "100%" });
    frame.style.minHeight = "30rem";
    const ready = () => this.#after(SETTLE_MS, "settle", () => this.#ready(expiresAt));
    frame.addEventListener("load", ready, { once: true, signal: this.#inFlight?.signal });
    if (frame.loading === "lazy") this.#never("answer"); // it is asked for when it comes into view
    this.#origin = origin;
    frame.src = url ?? this.#address();
    this.#put(frame, ...(url ? [] : this.#popOut()));
    this.#frame = frame;
    this.#renew = renew ? { ...renew, address: this.#address() } : null;
  }

  /** @param {number | null} expiresAt */
  #ready(expiresAt) {
    this.#settle();
    this.#tell("sso-ready", { origin: this.#origin, expiresAt });
    if (!this.#renew) this.#refreshLater(); // a page that asks for tokens is never reloaded
  }

  /** @param {Answer} answer */
  #requireLogin({ loginUrl }) {
    this.#settle();
    const leaving = isFresh(left, LEAVING_SECONDS); // another element of this page found it, too
    if (!leaving && wasTried()) {
      this.#say("You have just signed in, but that session is not accepted here. ", loginUrl, "Try again");
      this.#tell("sso-error", { code: "login_failed", status: 401, requestId: null });
      return;
    }
    this.#say("You are signed out. ", loginUrl, "Sign in");
    const listingId = this.#listing || null;
    const goes = this.#tell("sso-login-required", { loginUrl, listingId }, { cancelable: true });
    if (!goes || !loginUrl || leaving) return;
    const address = leavingFor(loginUrl, this.#returnParameter);
    try {
      (window.top ?? window).location.href = address;
    } catch {
      // The page is itself framed by another site's: the link takes the click that is needed.
    }
  }

  /**
   * Show a sentence, and a link to the login.
   *
   * @param {string} sentence
   * @param {string | null} loginUrl
   * @param {string} label
   */
  #say(sentence, loginUrl, label) {
    const words = document.createElement("p");
    words.setAttribute("role", "status");
    words.textContent = sentence;
    if (loginUrl) {
      const anchor = link(loginUrl, label, "_top");
      const leave = () => (anchor.href = leavingFor(loginUrl, this.#returnParameter));
      anchor.addEventListener("click", leave);
      words.append(anchor);
    }
    this.#put(words);
  }

  /** @param {unknown} error */
  #fail(error) {
    const { code, status } = error instanceof Problem ? error : new Problem("network_error");
    this.#settle();
    if (code !== "network_error") this.#put(); // what is shown may be another user's
    this.#tell("sso-error", { code, status, requestId: null });
    if (!this.#renew) this.#refreshLater();
  }

  /**
   * The browser shows a page that it kept as it was: somebody else may have signed in meanwhile.
   *
   * @param {PageTransitionEvent} event
   */
  #comeBack = ({ persisted }) => {
    if (!persisted) return;
    this.#put();
    this.#restart();
  };

  /** @param {MessageEvent} event */
  #hear = ({ source, origin, data }) => {
    if (!this.#frame || source !== this.#frame.contentWindow) return;
    const renew = this.#renew;
    if (renew && origin === renew.origin && asks(data, renew.message)) this.#renewSoon();
    else if (origin === this.#origin) this.#hearVendor(data);
    else if (origin === new URL(this.#address()).origin) this.#hearService(data);
  };

  /** A page of the service stands in the frame. @param {any} data */
  #hearService(data) {
    if (data?.source !== "marketplace-sso") return;
    const { code, requestId } = data;
    const refused = () => this.#tell("sso-error", { code, status: null, requestId });
    this.#inFlight?.abort();
    this.#settle();
    if (code === "no_session" || code === "invalid_session") this.#signIn(refused);
    else refused();
  }

  /** @param {unknown} data */
  #hearVendor(data) {
    const said = parsed(data);
    if (!said) return;
    const { message, id, height, targetUrl } = said;
    const vendor = typeof data === "string" ? "apifuse" : "pandium";
    const name = String((vendor === "apifuse" ? id : message) ?? "");
    const listingId = typeof targetUrl === "string" ? this.#listingOf(targetUrl) : null;
    if (name === "pandium-content-height-change") this.#grow(height);
    this.#tell("vendor-event", { vendor, name, listingId, data: said });
    if (name === "user_login_required") {
      this.#listing = listingId ?? this.#listing;
      this.#signIn(() => this.reload());
    }
  }

  /** The vendor's page asks for a token: once in five seconds it gets one, however often it asks. */
  #renewSoon() {
    if (this.#renewing || this.#timers.has("renew")) return;
    const wait = this.#renewedAt + RENEW_MS - performance.now();
    this.#after(Math.max(wait, 0), "renew", () => this.#renewNow());
  }

  async #renewNow() {
    const [frame, renew, attempt] = [this.#frame, this.#renew, new AbortController()];
    if (!frame || !renew) return;
    this.#renewing = attempt;
    this.#renewedAt = performance.now();
    this.#after(ANSWER_MS, "renewal", () => attempt.abort());
    try {
      const { response, told } = await this.#fetch(renew.address, attempt.signal);
      if (this.#renewing !== attempt) return; // the page that asked is no longer shown
      if (!response.ok || !told.token) {
        throw new Problem(told.code ?? "unexpected_answer", response.status);
      }
      frame.contentWindow?.postMessage(filled(renew.answer, told), renew.origin);
      this.#tell("sso-renewed", { origin: renew.origin, expiresAt: told.expires_at ?? null });
    } catch (error) {
      if (this.#renewing !== attempt) return;
      const { code, status } = error instanceof Problem ? error : new Problem("network_error");
      this.#tell("sso-error", { code, status, requestId: null }); // and what the user types stays
    } finally {
      if (this.#renewing === attempt) this.#renewing = null;
      if (!this.#renewing) this.#never("renewal");
    }
  }

  #renewNoMore() {
    this.#renewing?.abort();
    this.#renewing = null;
    this.#renew = null;
    this.#never("renew");
    this.#never("renewal");
  }

  /** @param {unknown} height in pixels */
  #grow(height) {
    if (typeof height !== "number" || !(height > 0) || !this.#frame) return;
    this.#frame.style.minHeight = "0";
    this.#frame.style.height = `${Math.min(Math.ceil(height), TALLEST_PX)}px`;
  }

  /** The id in an address of the marketplace; nothing else of it is ever used. @param {string} url */
  #listingOf(url) {
    try {
      const { origin, pathname } = new URL(url);
      return origin === this.#origin ? (LISTING.exec(pathname)?.[1] ?? null) : null;
    } catch {
      return null;
    }
  }

  /** The path of ours to a listing. @param {string} listing */
  #pathTo(listing) {
    const { pathname } = new URL(this.getAttribute("src") ?? "", document.baseURI);
    return listing ? `${pathname.replace(LISTING, "")}/listing/${listing}` : pathname;
  }

  /** The address of ours, with the deep link of the host's page. */
  #address(below = "") {
    const address = new URL(this.getAttribute("src") ?? "", document.baseURI);
    address.pathname = this.#pathTo(this.#listing) + below;
    const here = new URLSearchParams(window.location.search);
    for (const name of (this.getAttribute("deep-links") ?? DEEP_LINKS).split(/\s+/)) {
      const value = here.get(name);
      if (value && !address.searchParams.has(name)) address.searchParams.set(name, value);
    }
    return address.href;
  }

  /**
   * The login's address, with this page as the one to come back to.
   *
   * @param {{login_url?: string, return_parameter?: string}} told
   */
  #leadingBack({ login_url: login, return_parameter: parameter }) {
    this.#returnParameter = parameter ?? "";
    if (!login || !parameter) return login ?? null;
    const back = new URL(window.location.href);
    if (back.searchParams.has(ATTEMPT)) back.searchParams.delete(ATTEMPT);
    if (this.#listing) back.searchParams.set(PAGE_PARAMETER, this.#pathTo(this.#listing));
    const address = new URL(login);
    address.searchParams.set(parameter, back.href);
    return address.href;
  }

  #popOut() {
    const words = this.getAttribute("pop-out");
    if (words === null) return [];
    return [link(this.#address(), words || "Open in a new tab", "_blank")];
  }

  #refreshLater() {
    const seconds = Number(this.getAttribute("refresh-after"));
    if (!(seconds > 0)) return;
    const wait = Math.min(seconds, LONGEST_REFRESH_SECONDS) * 1000;
    this.#after(wait, "refresh", () => this.reload());
  }

  #settle() {
    this.#inFlight = null;
    this.#never("answer");
    this.#never("settle");
    this.removeAttribute("aria-busy");
  }

  /** @param {Node[]} nodes what the element shows from now on */
  #put(...nodes) {
    this.#frame = null;
    this.#renewNoMore();
    this.replaceChildren(...nodes);
  }

  /**
   * @param {number} ms
   * @param {string} name
   * @param {() => void} then
   */
  #after(ms, name, then) {
    this.#never(name);
    const due = () => {
      this.#timers.delete(name);
      then();
    };
    this.#timers.set(name, window.setTimeout(due, ms));
  }

  /** @param {string} name */
  #never(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  /**
   * @param {string} name
   * @param {object} detail
   * @param {EventInit} how
   * @returns {boolean} whether nobody prevented what follows
   */
  #tell(name, detail = {}, how = {}) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail, ...how }));
  }
}

let left = 0; // when this document left for the login, in epoch seconds

/** Whether this tab, or this page in another one, left for the login less than a minute ago. */
function wasTried() {
  const marks = [String(left), new URLSearchParams(window.location.search).get(ATTEMPT)];
  try {
    marks.push(window.sessionStorage.getItem(ATTEMPT));
  } catch {
    // The browser keeps the storage from this page; its address has the mark instead.
  }
  return marks.some((mark) => isFresh(/^[1-9][0-9]{0,11}$/.test(mark ?? "") ? Number(mark) : 0));
}

/** @param {number} mark in epoch seconds @param {number} seconds */
function isFresh(mark, seconds = ATTEMPT_SECONDS) {
  const age = Date.now() / 1000 - mark;
  return age >= 0 && age < seconds;
}

/**
 * Keep in mind that the login is tried now, and return its address. Where the storage may not be
 * there after the login, the address to come back to carries the mark.
 *
 * @param {string} loginUrl
 * @param {string} parameter
 */
function leavingFor(loginUrl, parameter) {
  left = Math.floor(Date.now() / 1000);
  let kept = window.top === window; // what a frame stores is often kept for its place only
  try {
    window.sessionStorage.setItem(ATTEMPT, String(left));
  } catch {
    kept = false;
  }
  const address = new URL(loginUrl);
  const back = address.searchParams.get(parameter);
  if (kept || !back) return loginUrl;
  const marked = new URL(back);
  marked.searchParams.set(ATTEMPT, String(left));
  address.searchParams.set(parameter, marked.href);
  return address.href;
}

/**
 * The object that a vendor posted: Pandium posts objects, APIFuse JSON strings.
 *
 * @param {any} data
 * @returns {Record<string, unknown> | null}
 */
function parsed(data) {
  let said = data;
  if (typeof data === "string") {
    if (data.length > LONGEST_MESSAGE) return null;
    try {
      said = JSON.parse(data);
    } catch {
      return null;
    }
  }
  return said && typeof said === "object" && !Array.isArray(said) ? said : null;
}

/**
 * Whether a page posted the message that asks for a token: that text, or an object with these
 * members, as an object or as JSON. What else the object has does not matter.
 *
 * @param {unknown} data
 * @param {any} message
 */
function asks(data, message) {
  if (typeof message === "string") return data === message;
  const said = parsed(data);
  if (!said) return false;
  return Object.keys(message).every(
    (key) => Object.hasOwn(said, key) && same(said[key], message[key]),
  );
}

/**
 * Whether two JSON values are equal.
 *
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
function same(one, other) {
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  if (Object.keys(one).length !== keys.length) return false;
  return keys.every((key) => Object.hasOwn(one, key) && same(one[key], other[key]));
}

/**
 * Fill a template as the service fills its own: a text that is one placeholder takes the value as
 * it is, `{{` and `}}` are braces, and what has no value is left out.
 *
 * @param {any} template
 * @param {Record<string, unknown>} values
 * @returns {any}
 */
function filled(template, values) {
  if (typeof template === "string") {
    const whole = /^\{(token|url|expires_at)\}$/.exec(template);
    if (whole) return values[whole[1] ?? ""] ?? undefined;
    return template.replace(/\{\{|\}\}|\{(token|url|expires_at)\}/g, (found, name) =>
      name ? String(values[name] ?? "") : found.charAt(0),
    );
  }
  if (Array.isArray(template)) {
    return template.map((each) => filled(each, values)).filter((each) => each !== undefined);
  }
  if (!template || typeof template !== "object") return template;
  const members = Object.entries(template).map(([key, each]) => [key, filled(each, values)]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/**
 * @param {string} address
 * @param {string} words
 * @param {string} target
 */
function link(address, words, target) {
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: address, textContent: words, target, rel: "noopener" });
  return anchor;
}

// Each vendor's root has this script: the first one wins.
if (!customElements.get("marketplace-embed")) {
  customElements.define("marketplace-embed", MarketplaceEmbed);
}
