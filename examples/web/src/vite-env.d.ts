interface ImportMetaEnv {
  readonly VITE_ROLLCALL_URL?: string;
}
