mod access;
mod audit;
mod end;
mod kit;
mod lifetime;
mod refresh;
