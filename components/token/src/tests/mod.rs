mod access;
mod audit;
mod end;
mod kit;
mod lifetime;
mod metrics;
mod refresh;
