mod access;
mod end;
mod kit;
mod lifetime;
mod metrics;
mod refresh;
